package dev.laravelrelay.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Where the master is, as the Sentinels say: they are asked in turn, and who answered is asked
 * first the next time. Whoever follows the master is told when it is another, within about {@link
 * #WATCH_MILLIS}. Safe from any thread; asking blocks.
 *
 * @see <a href="https://redis.io/docs/latest/develop/reference/sentinel-clients/">Guidelines for
 *     clients</a>
 */
final class Sentinels implements RedisLocator {

  static final long WATCH_MILLIS = 1_000;

  private static final Logger log = LoggerFactory.getLogger(Sentinels.class);
  private static final byte[] ASK = RedisNames.utf8("GET-MASTER-ADDR-BY-NAME");

  private final String name;
  private final @Nullable RedisTls tls;
  private final JedisClientConfig config;
  private final Predicate<HostAndPort> isMaster;

  /** In the order in which they are asked. Guarded by itself. */
  private final List<HostAndPort> order;

  private final Set<Consumer<HostAndPort>> followers = ConcurrentHashMap.newKeySet();
  private volatile @Nullable Thread watch;

  /**
   * None is asked yet.
   *
   * @param name of the master
   * @param config how to connect to a Sentinel
   * @param isMaster asks a Redis itself; blocks
   */
  Sentinels(
      List<HostAndPort> hosts,
      String name,
      @Nullable RedisTls tls,
      JedisClientConfig config,
      Predicate<HostAndPort> isMaster) {
    this.isMaster = isMaster;
    this.name = name;
    this.tls = tls;
    this.config = config;
    this.order = new ArrayList<>(hosts);
  }

  /**
   * Asks.
   *
   * @throws JedisConnectionException with a sentence, if none of them tells
   */
  @Override
  public HostAndPort locate() {
    List<HostAndPort> sentinels;
    synchronized (order) {
      sentinels = List.copyOf(order);
    }
    String why = "";
    for (HostAndPort sentinel : sentinels) {
      try {
        HostAndPort master = ask(sentinel);
        if (master != null) {
          putFirst(sentinel);
          return master;
        }
        why = sentinel + " knows no master called " + name;
      } catch (JedisException e) {
        why = why.isEmpty() ? sentinel + ": " + Reason.of(e) : why;
      }
    }
    throw new JedisConnectionException("no Sentinel tells where the master is: " + why);
  }

  /**
   * What was told is of no use: somebody else is asked first from now on, for each learns of a
   * failover at another time.
   */
  @Override
  public void doubt() {
    synchronized (order) {
      order.addLast(order.removeFirst());
    }
  }

  private void putFirst(HostAndPort sentinel) {
    synchronized (order) {
      order.remove(sentinel);
      order.addFirst(sentinel);
    }
  }

  private @Nullable HostAndPort ask(HostAndPort sentinel) {
    try (Connection connection =
        new Connection(new RedisSockets(RedisLocator.at(sentinel), tls, config), config)) {
      connection.sendCommand(Protocol.Command.SENTINEL, ASK, RedisNames.utf8(name));
      List<byte[]> address = connection.getBinaryMultiBulkReply();
      return address == null || address.size() < 2
          ? null
          : new HostAndPort(text(address.get(0)), Integer.parseInt(text(address.get(1))));
    }
  }

  /** From now on the follower is told whenever the master is another. */
  @Override
  public synchronized void follow(Consumer<HostAndPort> follower) {
    followers.add(follower);
    if (watch == null) {
      watch = Thread.ofVirtual().name("redis-sentinels").start(this::watch);
    }
  }

  /** It is told no more. */
  @Override
  public synchronized void unfollow(Consumer<HostAndPort> follower) {
    followers.remove(follower);
    Thread watching = watch;
    if (followers.isEmpty() && watching != null) {
      watching.interrupt();
      watch = null;
    }
  }

  private void watch() {
    HostAndPort known = null;
    while (true) {
      try {
        Thread.sleep(WATCH_MILLIS);
      } catch (InterruptedException e) {
        return;
      }
      try {
        HostAndPort now = locate();
        if (now.equals(known)) {
          continue;
        }
        if (known == null) {
          known = now;
        } else if (isMaster.test(now)) {
          log.info("the Redis master {} is now {}, it was {}", name, now, known);
          known = now;
          followers.forEach(follower -> follower.accept(now));
        } else {
          doubt();
        }
      } catch (JedisException e) {
        log.debug("asking the Sentinels failed", e);
      }
    }
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
