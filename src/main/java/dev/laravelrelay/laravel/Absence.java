package dev.laravelrelay.laravel;

import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether Laravel takes webhooks at present, and when to try it again. Safe from any thread. */
final class Absence {

  private static final Logger log = LoggerFactory.getLogger(Absence.class);

  private static final Backoff BACKOFF =
      new Backoff(Duration.ofMillis(500), Duration.ofSeconds(15));

  private final InstantSource clock;
  private int failures;
  private long until;

  Absence(InstantSource clock) {
    this.clock = clock;
  }

  /** Whether the last request found nobody. */
  synchronized boolean isOn() {
    return failures > 0;
  }

  /** Milliseconds until the next try; none are left if it is not positive. */
  synchronized long remaining() {
    return until - clock.millis();
  }

  /** Laravel answered. */
  synchronized void ended() {
    if (failures > 0) {
      log.info("Laravel takes webhooks again");
    }
    failures = 0;
    until = 0;
  }

  /** A request found nobody; those that fail side by side count once. */
  synchronized void noticed(String why) {
    if (remaining() <= 0) {
      failures++;
      until = clock.millis() + BACKOFF.after(failures, ThreadLocalRandom.current()).toMillis();
      if (failures == 1) {
        log.warn("Laravel does not take webhooks: {}", why);
      }
    }
  }
}
