package dev.laravelrelay.redis;

import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisMovedDataException;

/**
 * A connection to Redis that is made again whenever it is lost, with a jittered backoff of 50 ms to
 * half a second. One thread of its own connects and uses it.
 */
final class KeptConnection implements AutoCloseable {

  /** What the connection is for. Everything is called on its thread. */
  interface Use {

    /** Uses the connection until it fails; calls {@link KeptConnection#up} when it is of use. */
    void use(RedisWire wire) throws InterruptedException;

    /** The connection failed, or could not be made. Said each time. */
    void failed();

    /** Said once for each outage. */
    void lost();

    /** It is of use again, after {@link #lost}. */
    void restored();
  }

  private static final Logger log = LoggerFactory.getLogger(KeptConnection.class);
  private static final long BACKOFF_MIN_MILLIS = 50;
  private static final long BACKOFF_MAX_MILLIS = 500;
  private static final long CLOSE_MILLIS = 500;

  private final String what;
  private final RedisClients clients;
  private final JedisClientConfig config;
  private final Use use;
  private final LongSupplier clock;
  private final Thread thread;
  private final Consumer<HostAndPort> follower = this::moved;
  private final Runnable cut = this::cut;

  private volatile boolean closed;
  private volatile @Nullable RedisWire wire;
  private volatile boolean onceUp;

  /** Epoch milliseconds since when it is of no use; 0 while it is. Written by the thread. */
  private volatile long downSince;

  /** Of the present outage, or of none; empty before one. */
  private volatile String reason = "";

  /** Whether the present outage has been said. Only used by the thread. */
  private boolean said;

  private long backoffMillis = BACKOFF_MIN_MILLIS;

  /**
   * Not started yet.
   *
   * @param what it is, for the log and for {@link #problem()}
   * @param clock epoch milliseconds
   */
  KeptConnection(
      String name,
      String what,
      RedisClients clients,
      JedisClientConfig config,
      Use use,
      LongSupplier clock) {
    this.what = what;
    this.clients = clients;
    this.config = config;
    this.use = use;
    this.clock = clock;
    this.downSince = clock.getAsLong();
    this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
  }

  /** Begins to connect; returns at once. */
  void start() {
    clients.follow(follower, cut);
    thread.start();
  }

  boolean isUp() {
    return downSince == 0 && !closed;
  }

  /** Null while it is of use, else a sentence. */
  @Nullable String problem() {
    long since = downSince;
    if (closed) {
      return what + " is closed";
    }
    if (since == 0) {
      return null;
    }
    return Reason.since(what, onceUp, clock.getAsLong() - since, reason);
  }

  /** The connection is of use. On its thread. */
  void up() {
    if (downSince == 0) {
      return;
    }
    boolean wasSaid = said;
    said = false;
    onceUp = true;
    downSince = 0;
    backoffMillis = BACKOFF_MIN_MILLIS;
    log.info("{} {}: {}", what, wasSaid ? "restored" : "established", clients);
    if (wasSaid) {
      use.restored();
    }
  }

  /** Cuts the connection, so that it is made anew. From any thread. */
  void cut() {
    RedisWire current = wire;
    if (current != null) {
      current.cut();
    }
  }

  private void moved(HostAndPort now) {
    RedisWire current = wire;
    if (current != null && current.leadsElsewhereThan(now)) {
      current.cut();
    }
  }

  /** Ends it, within half a second. */
  @Override
  public void close() {
    closed = true;
    clients.unfollow(follower, cut);
    cut();
    thread.interrupt();
    if (Thread.currentThread() != thread) {
      try {
        thread.join(CLOSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void run() {
    while (!closed) {
      try (RedisWire made = new RedisWire(clients, config)) {
        wire = made;
        if (!closed) {
          use.use(made);
        }
      } catch (JedisException e) {
        down(e);
      } catch (InterruptedException e) {
        log.debug("{}: interrupted", what);
      } catch (RuntimeException | OutOfMemoryError e) {
        log.error("{}: unexpected failure", what, e);
        down(e);
      } finally {
        wire = null;
      }
      use.failed();
      backOff();
    }
    use.failed();
  }

  private void down(Throwable cause) {
    if (closed) {
      return;
    }
    reason = clients.reason(cause);
    if (cause instanceof JedisMovedDataException) {
      clients.doubt();
    }
    if (downSince == 0) {
      downSince = clock.getAsLong();
    }
    if (!said) {
      said = true;
      String state = onceUp ? "lost" : "impossible so far";
      log.warn("{} {}: {} ({}); trying again", what, state, clients, reason);
      use.lost();
    }
  }

  private void backOff() {
    if (closed) {
      return;
    }
    try {
      Thread.sleep(ThreadLocalRandom.current().nextLong(backoffMillis / 2, backoffMillis + 1));
    } catch (InterruptedException e) {
      log.debug("{}: interrupted", what);
    }
    backoffMillis = Math.min(2 * backoffMillis, BACKOFF_MAX_MILLIS);
  }
}
