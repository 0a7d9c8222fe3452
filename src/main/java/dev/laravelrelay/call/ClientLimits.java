package dev.laravelrelay.call;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.laravelrelay.metrics.RelayMetrics;
import io.github.bucket4j.Bucket;
import java.time.Duration;

/**
 * How much a client may say: so many events each second, twice as many at once, and so many of all
 * clients of one user on this node. What it asks for itself, to join a channel or to go on with a
 * fresh token, is counted apart: as many each second, but {@value #REQUESTS_AT_ONCE} at once, as a
 * client that is back asks for all its channels. Safe from any thread.
 */
public final class ClientLimits {

  /** How much a client may ask for at once. */
  public static final int REQUESTS_AT_ONCE = 200;

  private static final int MAX_USERS = 100_000;

  private final int sessionRate;
  private final int userRate;
  private final RelayMetrics metrics;

  /** A bucket that nobody used for so long is full again. */
  private final Cache<String, Bucket> users =
      Caffeine.newBuilder()
          .expireAfterAccess(Duration.ofSeconds(10))
          .maximumSize(MAX_USERS)
          .build();

  ClientLimits(int sessionRate, int userRate, RelayMetrics metrics) {
    this.sessionRate = sessionRate;
    this.userRate = userRate;
    this.metrics = metrics;
  }

  /** The bucket of a new session. */
  Bucket ofSession() {
    return bucket(2L * sessionRate, sessionRate);
  }

  /** The bucket of what a new session asks for. */
  Bucket ofRequests() {
    return bucket(REQUESTS_AT_ONCE, sessionRate);
  }

  /** Takes one request; false if it is one too many, which is counted. */
  boolean allows(Bucket requests) {
    boolean allowed = requests.tryConsume(1);
    if (!allowed) {
      metrics.clientEventLimited("requests");
    }
    return allowed;
  }

  /** Takes one event; false if it is one too many, which is counted. */
  boolean allows(Bucket session, String user) {
    if (!session.tryConsume(1)) {
      metrics.clientEventLimited("session");
      return false;
    }
    boolean allowed = users.get(user, same -> bucket(userRate, userRate)).tryConsume(1);
    if (!allowed) {
      metrics.clientEventLimited("user");
    }
    return allowed;
  }

  private static Bucket bucket(long capacity, long perSecond) {
    return Bucket.builder()
        .addLimit(limit -> limit.capacity(capacity).refillGreedy(perSecond, Duration.ofSeconds(1)))
        .build();
  }
}
