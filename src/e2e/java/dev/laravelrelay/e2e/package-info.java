/**
 * The whole story with real parts: the packaged relay, the stock clients, a Laravel app, a Redis
 * server, each a process of its own.
 */
@NullMarked
package dev.laravelrelay.e2e;

import org.jspecify.annotations.NullMarked;
