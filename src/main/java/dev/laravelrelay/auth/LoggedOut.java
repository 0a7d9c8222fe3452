package dev.laravelrelay.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Which users were logged out lately: what was found out of their tokens before counts no more.
 * Past {@link #LIMIT} the least used is forgotten, and with him counts no more what was found out
 * of anybody before. Safe from any thread; never blocks.
 */
public final class LoggedOut {

  /** How many users are remembered at most. */
  public static final int LIMIT = 100_000;

  /** How long a question may be under way, and a client on its way from its answer to a session. */
  private static final Duration MARGIN = Duration.ofMinutes(1);

  private final AtomicLong now = new AtomicLong();
  private final AtomicLong forgotten = new AtomicLong();
  private final Cache<String, Long> byUser;

  /**
   * Nobody yet.
   *
   * @param believedFor how long what was found out is believed
   */
  public LoggedOut(Duration believedFor) {
    this(believedFor, LIMIT);
  }

  LoggedOut(Duration believedFor, int limit) {
    this.byUser =
        Caffeine.newBuilder()
            .expireAfterWrite(believedFor.plus(MARGIN))
            .maximumSize(limit)
            .<String, Long>evictionListener(
                (user, at, cause) -> {
                  if (cause == RemovalCause.SIZE && at != null) {
                    forgotten.accumulateAndGet(at, Math::max);
                  }
                })
            .build();
  }

  /** How many users are remembered. */
  public long size() {
    return byUser.estimatedSize();
  }

  /** The moment, for {@link #since}. */
  public long now() {
    return now.get();
  }

  /** The user is logged out now. */
  public void add(String user) {
    byUser.asMap().merge(user, now.incrementAndGet(), Math::max);
  }

  /** Whether the user was logged out after that moment. */
  public boolean since(long moment, String user) {
    Long at = byUser.getIfPresent(user);
    return moment < Math.max(forgotten.get(), at == null ? 0 : at);
  }

  /** Whether the user was logged out within about the last minute. */
  public boolean lately(String user) {
    return byUser.getIfPresent(user) != null;
  }
}
