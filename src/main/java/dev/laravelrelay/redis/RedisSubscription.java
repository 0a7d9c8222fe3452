package dev.laravelrelay.redis;

import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.BinaryJedisPubSub;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.JedisSocketFactory;
import redis.clients.jedis.exceptions.JedisException;

/**
 * One subscription to patterns of channels, kept up: a Redis that is gone, frozen or cut off is
 * noticed within {@link #SILENCE}, and it is subscribed again as soon as Redis answers, with a
 * jittered backoff of 100 ms to 2 s. What is published meanwhile is lost, as ever with Redis.
 *
 * <p>One thread of its own reads and calls the listener, one message after the other; a second one
 * only keeps the connection talking.
 */
final class RedisSubscription implements AutoCloseable {

  /** What happens to the subscription. Called on its thread; a slow listener delays the rest. */
  interface Listener {

    /** A message. Nothing may be thrown. */
    void message(byte[] channel, byte[] message);

    /** Lost: said once, until {@link #restored}. */
    void lost();

    /** Subscribed again. */
    void restored();
  }

  /** After how long without a byte from Redis the connection counts as dead. */
  static final Duration SILENCE = Duration.ofMillis(3_500);

  private static final Logger log = LoggerFactory.getLogger(RedisSubscription.class);
  private static final long KEEPALIVE_MILLIS = 1_000;
  private static final long BACKOFF_MIN_MILLIS = 100;
  private static final long BACKOFF_MAX_MILLIS = 2_000;
  private static final long CLOSE_MILLIS = 500;

  private final String what;
  private final RedisClients clients;
  private final JedisClientConfig config;
  private final byte[][] patterns;
  private final Listener listener;
  private final LongSupplier clock;
  private final Thread thread;
  private final Thread keepalive;
  private final Consumer<HostAndPort> follower = this::moved;

  private volatile boolean closed;
  private volatile @Nullable RedisSockets sockets;
  private volatile @Nullable Subscriber subscriber;

  /** Whether it has ever been subscribed. Written by the thread. */
  private volatile boolean subscribedOnce;

  /** Epoch milliseconds since when it is not subscribed; 0 while it is. Written by the thread. */
  private volatile long downSince;

  /** Of the present outage, or of none; empty before one. */
  private volatile String reason = "";

  /** Whether the present outage has been said. Only used by the thread. */
  private boolean said;

  private long backoffMillis = BACKOFF_MIN_MILLIS;

  /**
   * Not started yet.
   *
   * @param name of the thread and the connection
   * @param what it is, for the log and for {@link #problem()}
   * @param clock epoch milliseconds
   */
  RedisSubscription(
      String name,
      String what,
      RedisClients clients,
      List<byte[]> patterns,
      Listener listener,
      LongSupplier clock) {
    this.what = what;
    this.clients = clients;
    this.config = clients.waiting(name, SILENCE);
    this.patterns = patterns.toArray(byte[][]::new);
    this.listener = listener;
    this.clock = clock;
    this.downSince = clock.getAsLong();
    this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
    this.keepalive = Thread.ofVirtual().name(name + "-keepalive").unstarted(this::keepTalking);
  }

  /** Begins to subscribe; returns at once. */
  void start() {
    clients.follow(follower);
    thread.start();
    keepalive.start();
  }

  /** Null while it is subscribed, else a sentence. */
  @Nullable String problem() {
    long since = downSince;
    if (closed) {
      return what + " is closed";
    }
    if (since == 0) {
      return null;
    }
    return Reason.since(what, subscribedOnce, clock.getAsLong() - since, reason);
  }

  /** Ends it. No message is handed over afterwards; returns within half a second. */
  @Override
  public void close() {
    closed = true;
    clients.unfollow(follower);
    keepalive.interrupt();
    thread.interrupt();
    cut();
    if (Thread.currentThread() != thread) {
      try {
        thread.join(CLOSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void cut() {
    RedisSockets current = sockets;
    if (current != null) {
      current.cut();
    }
  }

  private void run() {
    while (!closed) {
      try (Connection connection = new Connection(socketFactory(), config)) {
        Subscriber reader = new Subscriber();
        subscriber = reader;
        reader.proceedWithPatterns(connection, patterns);
      } catch (JedisException e) {
        down(e);
      } catch (RuntimeException | OutOfMemoryError e) {
        log.error("{}: unexpected failure", what, e);
        down(e);
      } finally {
        subscriber = null;
      }
      backOff();
    }
  }

  private void down(Throwable cause) {
    if (closed) {
      return;
    }
    reason = clients.reason(cause);
    if (downSince == 0) {
      downSince = clock.getAsLong();
    }
    if (!said) {
      said = true;
      log.warn(
          "{} {}: {} ({}); trying again",
          what,
          subscribedOnce ? "lost" : "impossible so far",
          clients,
          reason);
      listener.lost();
    }
  }

  private void up() {
    boolean wasSaid = said;
    downSince = 0;
    said = false;
    backoffMillis = BACKOFF_MIN_MILLIS;
    log.info("{} {}: {}", what, wasSaid ? "restored" : "established", clients);
    subscribedOnce = true;
    if (wasSaid) {
      listener.restored();
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

  /**
   * Asks Redis for an answer by subscribing again to what is subscribed, which changes nothing. Not
   * by PING: Jedis 8 never forgets a PING on a RESP2 subscription, and on a RESP3 one it may take
   * the answer before it has noted the question, and fails.
   */
  private void keepTalking() {
    while (!closed) {
      try {
        Thread.sleep(KEEPALIVE_MILLIS);
        Subscriber current = subscriber;
        if (current != null && current.established) {
          current.psubscribe(patterns[0]);
        }
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        log.debug("{}: keepalive failed", what, e);
      }
    }
  }

  private void moved(HostAndPort now) {
    RedisSockets current = sockets;
    if (current != null && current.leadsElsewhereThan(now)) {
      cut();
    }
  }

  private JedisSocketFactory socketFactory() {
    RedisSockets factory = clients.sockets(config);
    sockets = factory;
    return () -> {
      Socket created = factory.createSocket();
      if (closed) {
        factory.cut();
      }
      return created;
    };
  }

  /** Reads one connection. */
  private final class Subscriber extends BinaryJedisPubSub {

    private volatile boolean established;

    @Override
    public void onPSubscribe(byte[] pattern, int subscribed) {
      if (!established && subscribed >= patterns.length) {
        established = true;
        up();
      }
    }

    @Override
    public void onPMessage(byte[] pattern, byte[] channel, byte[] message) {
      if (!closed) {
        listener.message(channel, message);
      }
    }
  }
}
