package dev.laravelrelay.redis;

import dev.laravelrelay.metrics.RelayMetrics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.commands.ProtocolCommand;
import redis.clients.jedis.exceptions.JedisAskDataException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisMovedDataException;

/**
 * Commands to Redis, each over the {@link RedisPipeline} to where its key is: there is one, or in a
 * Cluster one to each master. What a Cluster has moved meanwhile is sent on to where it is now.
 * Whatever happens, each is answered within the lane's patience, or fails with {@link RedisAway}.
 * Commands on one key, or on keys of one slot, are sent in the order in which they were given, but
 * for those that a Cluster sends on.
 *
 * <p>Commands may be given by any thread. Replies are completed by a pipeline's thread: what hangs
 * on them must not block.
 */
final class RedisLane implements AutoCloseable, RedisPipeline.Redirection {

  /** How often {@link #watch} is to be called. */
  static final long WATCH_MILLIS = 10;

  /** How long what a Cluster is about to move waits. */
  private static final long AGAIN_MILLIS = 10;

  private final String name;
  private final RedisClients clients;
  private final Duration patience;
  private final RelayMetrics metrics;
  private final LongSupplier clock;

  /** The only one there is; null in a Cluster. */
  private final @Nullable RedisPipeline only;

  private final @Nullable RedisCluster cluster;

  /** Those to the masters of a Cluster. */
  private final Map<HostAndPort, RedisPipeline> pipelines = new ConcurrentHashMap<>();

  private final Runnable follower = this::follow;

  /**
   * Not started yet.
   *
   * @param name in metrics and as the connections'
   * @param clock epoch milliseconds
   */
  RedisLane(
      String name,
      RedisClients clients,
      Duration patience,
      RelayMetrics metrics,
      LongSupplier clock) {
    this.name = name;
    this.clients = clients;
    this.patience = patience;
    this.metrics = metrics;
    this.clock = clock;
    this.cluster = clients.cluster();
    this.only = cluster == null ? pipeline(clients) : null;
    metrics.redisQueue(
        name,
        () -> all().mapToInt(RedisPipeline::queued).sum(),
        () -> all().mapToLong(RedisPipeline::queuedBytes).sum());
  }

  private RedisPipeline pipeline(RedisClients to) {
    return new RedisPipeline(name, to, patience, metrics, this, clock);
  }

  void start() {
    if (only != null) {
      only.start();
    }
    if (cluster != null) {
      cluster.follow(follower);
    }
  }

  /** Whether any command may be taken. */
  boolean isUp() {
    return all().anyMatch(RedisPipeline::isUp);
  }

  /** Whether commands on this key may be taken. */
  boolean isUp(byte[] key) {
    RedisPipeline to = to(key);
    return to != null && to.isUp();
  }

  /** Null while every Redis answers, else a sentence. */
  @Nullable String problem() {
    String known = cluster == null ? null : cluster.problem();
    if (known == null && cluster != null) {
      Set<HostAndPort> masters = cluster.slots().masters();
      known =
          pipelines.keySet().containsAll(masters)
              ? null
              : "there is a new master of the Redis Cluster";
    }
    return known != null
        ? known
        : all()
            .map(RedisPipeline::problem)
            .filter(problem -> problem != null)
            .findFirst()
            .orElse(null);
  }

  /** How pub/sub is spoken here. */
  PubSub pubSub() {
    return cluster == null ? PubSub.PLAIN : PubSub.SHARDED;
  }

  /** Sends a command. */
  CompletableFuture<Object> send(ProtocolCommand command, byte[]... arguments) {
    return send(RedisCommand.of(command, arguments));
  }

  /** Publishes a message. */
  CompletableFuture<Object> publish(byte[] channel, byte[] message) {
    return send(pubSub().publish(channel, message));
  }

  /** Runs a script, on keys of one slot. */
  CompletableFuture<Object> run(RedisScript script, List<byte[]> keys, List<byte[]> arguments) {
    return send(RedisCommand.of(script, script.bySha1(keys, arguments)));
  }

  /** Sends the commands on keys of one slot in one go, with nothing of this lane between them. */
  void sendTogether(RedisCommand first, RedisCommand... others) {
    RedisCommand last = first;
    for (RedisCommand other : others) {
      last.next = other;
      last = other;
    }
    send(first);
  }

  private CompletableFuture<Object> send(RedisCommand command) {
    RedisPipeline to = to(command.key());
    if (to == null) {
      RedisPipeline.fail(command, name, "away", metrics);
    } else {
      to.send(command);
    }
    return command.reply;
  }

  private @Nullable RedisPipeline to(byte[] key) {
    if (cluster == null) {
      return only;
    }
    HostAndPort master = cluster.slots().masterOf(key);
    return master == null ? null : pipelines.get(master);
  }

  private Stream<RedisPipeline> all() {
    return only == null ? pipelines.values().stream() : Stream.of(only);
  }

  /** Cuts what does not answer; to be called every {@link #WATCH_MILLIS} by one thread. */
  void watch() {
    all().forEach(RedisPipeline::watch);
  }

  @Override
  public void close() {
    if (cluster != null) {
      cluster.unfollow(follower);
    }
    all().forEach(RedisPipeline::close);
  }

  // --- in a Cluster

  /** One pipeline to each master, none to anybody else. */
  private void follow() {
    RedisCluster known = cluster;
    if (known == null) {
      return;
    }
    Set<HostAndPort> masters = known.slots().masters();
    masters.forEach(this::pipelineTo);
    List<HostAndPort> gone = new ArrayList<>(pipelines.keySet());
    gone.removeAll(masters);
    for (HostAndPort one : gone) {
      RedisPipeline to = pipelines.remove(one);
      if (to != null) {
        to.close();
      }
    }
  }

  private RedisPipeline pipelineTo(HostAndPort master) {
    return pipelines.computeIfAbsent(
        master,
        made -> {
          RedisPipeline pipeline = pipeline(clients.at(made));
          pipeline.start();
          return pipeline;
        });
  }

  @Override
  public boolean redirect(RedisCommand command, JedisDataException refusal) {
    RedisCluster known = cluster;
    if (known == null || System.nanoTime() - command.since > patience.toNanos()) {
      return false;
    }
    switch (refusal) {
      case JedisMovedDataException moved -> {
        known.doubt();
        sendTo(moved.getTargetNode(), command.again());
      }
      case JedisAskDataException ask -> {
        RedisCommand asking = RedisCommand.of(Protocol.Command.ASKING);
        asking.next = command.again();
        sendTo(ask.getTargetNode(), asking);
      }
      case JedisDataException other when says(other, "TRYAGAIN") -> later(command.again());
      default -> {
        return false;
      }
    }
    return true;
  }

  private void sendTo(HostAndPort master, RedisCommand command) {
    RedisPipeline to = pipelineTo(master);
    if (to.isUp()) {
      to.send(command);
    } else {
      later(command.next == null ? command : command.next);
    }
  }

  /** As if it were given again in a while. */
  private void later(RedisCommand command) {
    CompletableFuture.delayedExecutor(AGAIN_MILLIS, TimeUnit.MILLISECONDS)
        .execute(() -> send(command));
  }

  private static boolean says(JedisDataException refusal, String code) {
    return refusal.getMessage() != null && refusal.getMessage().startsWith(code);
  }
}
