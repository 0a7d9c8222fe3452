/**
 * The relay's protocol stack with the application that the official protocol suites and the client
 * matrix expect.
 */
@NullMarked
package dev.laravelrelay.e2e.conformance;

import org.jspecify.annotations.NullMarked;
