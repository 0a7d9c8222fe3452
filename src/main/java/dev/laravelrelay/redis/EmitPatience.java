package dev.laravelrelay.redis;

import java.time.Duration;

/**
 * How long an emitter waits.
 *
 * @param redis for Redis
 * @param reports for what the nodes report, where no receipt is awaited
 * @param reportsAtMost for that at most: a node that is frozen reports nothing
 */
record EmitPatience(Duration redis, Duration reports, Duration reportsAtMost) {

  static final EmitPatience USUAL =
      new EmitPatience(Duration.ofMillis(220), Duration.ofMillis(200), Duration.ofMillis(500));
}
