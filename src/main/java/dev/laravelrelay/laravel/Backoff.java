package dev.laravelrelay.laravel;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Exponential backoff with full jitter: a random part of a time that doubles with each failure, up
 * to a limit.
 *
 * @see <a href="https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/">Full
 *     jitter</a>
 */
record Backoff(Duration first, Duration most) {

  /** How long to wait after this many failures, at least one. */
  Duration after(int failures, RandomGenerator random) {
    long doubled = first.toMillis() << Math.min(failures - 1, 30);
    long ceiling = Math.min(doubled, most.toMillis());
    return Duration.ofMillis(random.nextLong(ceiling + 1));
  }
}
