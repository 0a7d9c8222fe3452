/** What is lost, and what is not, when phones fall off the network. */
@NullMarked
package dev.laravelrelay.e2e.faults;

import org.jspecify.annotations.NullMarked;
