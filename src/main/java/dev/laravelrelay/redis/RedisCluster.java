package dev.laravelrelay.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
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
 * Which master of a Redis Cluster has which hash slot, as its nodes say: they are asked in turn
 * every {@link #WATCH_MILLIS} and as soon as somebody doubts, and who answered is asked first the
 * next time. Safe from any thread; followers are called on the one that asks.
 *
 * @see <a href="https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/">The
 *     Cluster specification</a>
 */
final class RedisCluster {

  static final long WATCH_MILLIS = 1_000;

  private static final Logger log = LoggerFactory.getLogger(RedisCluster.class);
  private static final byte[] ASK = RedisNames.utf8("SLOTS");

  /** No more often than this, whoever doubts. */
  private static final long PAUSE_MILLIS = 50;

  private final List<HostAndPort> seeds;
  private final @Nullable RedisTls tls;
  private final JedisClientConfig config;
  private final Set<Runnable> followers = ConcurrentHashMap.newKeySet();

  private volatile ClusterSlots slots = ClusterSlots.UNKNOWN;
  private volatile String why = "";

  /** In the order in which they are asked. Guarded by {@link #asking}. */
  private List<HostAndPort> order;

  private final Object asking = new Object();

  /** Guarded by this. */
  private @Nullable Thread watch;

  private boolean doubted;

  /**
   * Nobody is asked yet.
   *
   * @param seeds some of its nodes
   * @param config how to connect to one of them
   */
  RedisCluster(List<HostAndPort> seeds, @Nullable RedisTls tls, JedisClientConfig config) {
    this.seeds = seeds;
    this.tls = tls;
    this.config = config;
    this.order = seeds;
  }

  /** As far as it is known. */
  ClusterSlots slots() {
    return slots;
  }

  /** Null while every slot has a master, else a sentence. */
  @Nullable String problem() {
    ClusterSlots known = slots;
    if (known.equals(ClusterSlots.UNKNOWN)) {
      return "the slots of the Redis Cluster are not known yet" + (why.isEmpty() ? "" : ": " + why);
    }
    long uncovered = known.uncovered();
    return uncovered == 0
        ? null
        : "%d of %d slots of the Redis Cluster have no master"
            .formatted(uncovered, ClusterSlots.COUNT);
  }

  /** What is known may be wrong: it is asked again at once. */
  synchronized void doubt() {
    doubted = true;
    notifyAll();
  }

  /** From now on the follower runs whenever the nodes were asked, at least every second. */
  synchronized void follow(Runnable follower) {
    followers.add(follower);
    if (watch == null) {
      watch = Thread.ofVirtual().name("redis-cluster").start(this::watch);
    }
  }

  /** It runs no more. */
  synchronized void unfollow(Runnable follower) {
    followers.remove(follower);
    Thread watching = watch;
    if (followers.isEmpty() && watching != null) {
      watching.interrupt();
      watch = null;
    }
  }

  /** The way to whoever has the slot of this key. */
  RedisLocator of(byte[] key) {
    return new ToMaster(key);
  }

  /** The way to whoever answers, master or replica. */
  RedisLocator any() {
    return new ToAny();
  }

  private void watch() {
    try {
      while (true) {
        refresh();
        followers.forEach(Runnable::run);
        Thread.sleep(PAUSE_MILLIS);
        awaitDoubt();
      }
    } catch (InterruptedException e) {
      log.debug("the Redis Cluster is watched no more");
    }
  }

  private synchronized void awaitDoubt() throws InterruptedException {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WATCH_MILLIS);
    long left = WATCH_MILLIS;
    while (!doubted && left > 0) {
      wait(left);
      left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
    }
    doubted = false;
  }

  /** Asks until one of them answers. */
  private void refresh() {
    synchronized (asking) {
      String first = "";
      for (HostAndPort node : order) {
        try {
          learn(node, ask(node));
          return;
        } catch (JedisException | ClassCastException e) {
          log.debug("asking {} for its slots failed", node, e);
          first = first.isEmpty() ? node + ": " + Reason.of(e) : first;
        }
      }
      why = first;
    }
  }

  private List<?> ask(HostAndPort node) {
    RedisSockets sockets = new RedisSockets(RedisLocator.at(node), tls, config);
    try (Connection connection = new Connection(sockets, config)) {
      connection.sendCommand(Protocol.Command.CLUSTER, ASK);
      return (List<?>) connection.getOne();
    }
  }

  /** A range is: its first slot, its last, its master, the master's replicas. */
  private void learn(HostAndPort asked, List<?> ranges) {
    @Nullable HostAndPort[] masters = new HostAndPort[ClusterSlots.COUNT];
    Set<HostAndPort> known = new LinkedHashSet<>(List.of(asked));
    Map<HostAndPort, HostAndPort> shared = new HashMap<>();
    for (Object each : ranges) {
      List<?> range = (List<?>) each;
      List<HostAndPort> nodes =
          range.subList(2, range.size()).stream()
              .map(node -> address(asked, (List<?>) node))
              .map(node -> Objects.requireNonNullElse(shared.putIfAbsent(node, node), node))
              .toList();
      int from = ((Long) range.get(0)).intValue();
      int to = ((Long) range.get(1)).intValue();
      Arrays.fill(masters, from, to + 1, nodes.getFirst());
      known.addAll(nodes);
    }
    known.addAll(seeds);
    order = List.copyOf(known);
    ClusterSlots before = slots;
    ClusterSlots now = new ClusterSlots(masters);
    if (!now.equals(before)) {
      slots = now;
      if (!now.masters().equals(before.masters())) {
        log.info("the masters of the Redis Cluster are {}", now.masters());
      }
    }
  }

  /** A node that does not know how it is called is where it was asked. */
  private static HostAndPort address(HostAndPort asked, List<?> node) {
    String host =
        node.getFirst() instanceof byte[] name ? new String(name, StandardCharsets.UTF_8) : "";
    boolean unknown = host.isEmpty() || host.equals("?");
    return new HostAndPort(unknown ? asked.getHost() : host, ((Long) node.get(1)).intValue());
  }

  /** Somebody else is asked first, at once. */
  private void doubtFirst() {
    synchronized (asking) {
      List<HostAndPort> turned = new ArrayList<>(order);
      turned.addLast(turned.removeFirst());
      order = List.copyOf(turned);
    }
    doubt();
  }

  private JedisConnectionException nobody() {
    String problem = problem();
    return new JedisConnectionException(problem == null ? "no master has the slot" : problem);
  }

  private final class ToAny implements RedisLocator {

    @Override
    public HostAndPort locate() {
      refresh();
      if (slots.equals(ClusterSlots.UNKNOWN)) {
        throw nobody();
      }
      synchronized (asking) {
        return order.getFirst();
      }
    }

    @Override
    public void doubt() {
      doubtFirst();
    }

    @Override
    public void follow(Consumer<HostAndPort> follower) {}

    @Override
    public void unfollow(Consumer<HostAndPort> follower) {}
  }

  private final class ToMaster implements RedisLocator {

    private final byte[] key;
    private final Map<Consumer<HostAndPort>, Runnable> following = new ConcurrentHashMap<>();

    private ToMaster(byte[] key) {
      this.key = key;
    }

    @Override
    public HostAndPort locate() {
      HostAndPort master = slots.masterOf(key);
      if (master == null) {
        refresh();
        master = slots.masterOf(key);
      }
      if (master == null) {
        throw nobody();
      }
      return master;
    }

    @Override
    public void doubt() {
      doubtFirst();
    }

    @Override
    public void follow(Consumer<HostAndPort> follower) {
      Runnable telling =
          () -> {
            HostAndPort now = slots.masterOf(key);
            if (now != null) {
              follower.accept(now);
            }
          };
      following.put(follower, telling);
      RedisCluster.this.follow(telling);
    }

    @Override
    public void unfollow(Consumer<HostAndPort> follower) {
      Runnable telling = following.remove(follower);
      if (telling != null) {
        RedisCluster.this.unfollow(telling);
      }
    }
  }
}
