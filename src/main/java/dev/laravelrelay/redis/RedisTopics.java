package dev.laravelrelay.redis;

import dev.laravelrelay.metrics.RelayMetrics;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.HostAndPort;

/**
 * The topics that this node listens to, each over the {@link TopicConnection} to where its channel
 * is: there is one, or in a Cluster one to each master. What a Cluster moves is listened to where
 * it went, and counts as missed in between.
 *
 * <p>Topics may be wanted by any thread. The listener is called by each connection's thread: in
 * order for one topic, and for the topics of one user.
 */
final class RedisTopics implements AutoCloseable {

  /** What is heard. A slow listener delays the rest. */
  interface Listener {

    /** A message. Nothing may be thrown. */
    void message(Topic topic, byte[] message);

    /** These are subscribed again: what was published meanwhile was not heard. */
    void restored(Collection<Topic> topics);
  }

  private final RedisNames names;
  private final RedisClients clients;
  private final Listener listener;
  private final RelayMetrics metrics;
  private final LongSupplier clock;

  /** The only one there is; null in a Cluster. */
  private final @Nullable TopicConnection only;

  private final @Nullable RedisCluster cluster;
  private final Runnable follower = this::follow;

  /** Those to the masters of a Cluster. Written under the lock. */
  private final Map<HostAndPort, TopicConnection> connections = new ConcurrentHashMap<>();

  /** By whom topics are where they are; none before the first answer. Guarded by this. */
  private @Nullable ClusterSlots arranged;

  /** Wanted, by channel, and with no master that is known to have them. Guarded by this. */
  private final Map<String, Topic> homeless = new HashMap<>();

  RedisTopics(
      RedisNames names,
      RedisClients clients,
      Listener listener,
      RelayMetrics metrics,
      LongSupplier clock) {
    this.names = names;
    this.clients = clients;
    this.listener = listener;
    this.metrics = metrics;
    this.clock = clock;
    this.cluster = clients.cluster();
    this.only = cluster == null ? connection(clients, PubSub.PLAIN) : null;
    metrics.gauge("relay_redis_topics", "Topics that this node listens to", this::size);
    metrics.gauge(
        "relay_redis_topics_unsent",
        "Topics not subscribed yet",
        () -> sum(TopicChanges::behind) + homeless());
  }

  private TopicConnection connection(RedisClients to, PubSub pubSub) {
    return new TopicConnection(names, to, pubSub, new Ears(), metrics, clock);
  }

  void start() {
    if (only != null) {
      only.start();
    }
    if (cluster != null) {
      cluster.follow(follower);
    }
  }

  /** Null while all that is wanted is subscribed or about to be, else a sentence. */
  @Nullable String problem() {
    String known = cluster == null ? null : cluster.problem();
    if (known == null && cluster != null && !isArranged(cluster.slots())) {
      known = "subscriptions follow the slots of the Redis Cluster";
    }
    return known != null
        ? known
        : all()
            .map(TopicConnection::problem)
            .filter(problem -> problem != null)
            .findFirst()
            .orElse(null);
  }

  private synchronized boolean isArranged(ClusterSlots now) {
    return now.equals(arranged);
  }

  /** Listens to the topic; completes when it does, at once where Redis is away. */
  synchronized CompletableFuture<Void> want(Topic topic) {
    TopicConnection to = to(topic);
    if (to == null) {
      homeless.put(names.channel(topic), topic);
      return CompletableFuture.completedFuture(null);
    }
    CompletableFuture<Void> heard = to.changes().want(topic);
    return to.isUp() ? heard : CompletableFuture.completedFuture(null);
  }

  synchronized boolean isWanted(Topic topic) {
    TopicConnection to = to(topic);
    return homeless.containsKey(names.channel(topic))
        || (to != null && to.changes().isWanted(topic));
  }

  /** Listens to the topic no more. */
  synchronized void unwant(Topic topic) {
    homeless.remove(names.channel(topic));
    TopicConnection to = to(topic);
    if (to != null) {
      to.changes().unwant(topic);
    }
  }

  /** Under the lock. */
  private @Nullable TopicConnection to(Topic topic) {
    if (only != null || arranged == null) {
      return only;
    }
    HostAndPort master = arranged.masterOf(names.bytes(topic));
    return master == null ? null : connections.get(master);
  }

  int size() {
    return sum(TopicChanges::size) + homeless();
  }

  private synchronized int homeless() {
    return homeless.size();
  }

  private int sum(ToIntFunction<TopicChanges> of) {
    return all().map(TopicConnection::changes).mapToInt(of).sum();
  }

  private Stream<TopicConnection> all() {
    return only == null ? connections.values().stream() : Stream.of(only);
  }

  @Override
  public void close() {
    if (cluster != null) {
      cluster.unfollow(follower);
    }
    all().forEach(TopicConnection::close);
  }

  // --- in a Cluster

  /** What a new arrangement leaves to be done, under no lock. */
  private record Moving(
      List<TopicChanges.Wanted> left, List<TopicChanges.Wanted> came, List<TopicConnection> gone) {}

  /** One connection to each master, none to anybody else; and each topic where its slot is. */
  private void follow() {
    RedisCluster known = cluster;
    if (known == null) {
      return;
    }
    Moving moving = arrange(known.slots());
    moving.left().forEach(one -> one.heard().complete(null));
    moving
        .came()
        .forEach(one -> one.heard().thenRun(() -> listener.restored(List.of(one.topic()))));
    moving.gone().forEach(TopicConnection::retire);
  }

  private synchronized Moving arrange(ClusterSlots now) {
    Moving moving = new Moving(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    if (now.equals(arranged) && homeless.isEmpty()) {
      return moving;
    }
    Set<HostAndPort> masters = now.masters();
    masters.forEach(this::connectionTo);
    connections.forEach(
        (master, connection) ->
            moving.left.addAll(
                connection
                    .changes()
                    .giveAway(channel -> master.equals(now.masterOf(RedisNames.utf8(channel))))));
    connections
        .entrySet()
        .removeIf(one -> !masters.contains(one.getKey()) && moving.gone.add(one.getValue()));
    arranged = now;
    List<Topic> topics = new ArrayList<>(homeless.values());
    moving.left.forEach(one -> topics.add(one.topic()));
    homeless.clear();
    for (Topic topic : topics) {
      TopicConnection to = to(topic);
      if (to == null) {
        homeless.put(names.channel(topic), topic);
      } else {
        moving.came.add(new TopicChanges.Wanted(topic, to.changes().want(topic)));
      }
    }
    return moving;
  }

  private void connectionTo(HostAndPort master) {
    connections.computeIfAbsent(
        master,
        made -> {
          TopicConnection connection = connection(clients.at(made), PubSub.SHARDED);
          connection.start();
          return connection;
        });
  }

  private synchronized void lost(Topic topic) {
    homeless.put(names.channel(topic), topic);
    if (cluster != null) {
      cluster.doubt();
    }
  }

  private final class Ears implements TopicConnection.Listener {

    @Override
    public void message(Topic topic, byte[] message) {
      listener.message(topic, message);
    }

    @Override
    public void restored(Collection<Topic> topics) {
      listener.restored(topics);
    }

    @Override
    public void elsewhere(Topic topic) {
      lost(topic);
    }
  }
}
