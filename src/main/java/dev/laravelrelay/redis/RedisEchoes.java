package dev.laravelrelay.redis;

import dev.laravelrelay.event.ChannelName;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Tells when this node has heard all that was published on channels so far. Over one connection
 * everything is heard in Redis's order; in a Cluster the channels come from several shards, so this
 * node says something on each and waits until it hears itself. A user's own channels come with his
 * events. Safe from any thread.
 */
final class RedisEchoes {

  private static final Duration WITHIN = Duration.ofMillis(500);

  private final String node;
  private final RedisNames names;
  private final RedisLane lane;
  private final AtomicLong numbers = new AtomicLong();
  private final ConcurrentMap<Long, CompletableFuture<Void>> expected = new ConcurrentHashMap<>();

  RedisEchoes(String node, RedisNames names, RedisLane lane) {
    this.node = node;
    this.names = names;
    this.lane = lane;
  }

  /** Completes when it has, or after {@link #WITHIN}; this node listens to the channels. */
  CompletionStage<Void> all(Collection<String> channels) {
    return lane.pubSub() == PubSub.PLAIN
        ? CompletableFuture.completedStage(null)
        : CompletableFuture.allOf(
            channels.stream()
                .filter(channel -> ChannelName.owner(channel).isEmpty())
                .map(this::one)
                .toArray(CompletableFuture[]::new));
  }

  private CompletableFuture<Void> one(String channel) {
    long number = numbers.incrementAndGet();
    CompletableFuture<Void> heard = new CompletableFuture<>();
    expected.put(number, heard);
    byte[] echo = new NodeMessage.Echo(number, node).amongEvents();
    lane.publish(names.bytes(new Topic.Channel(channel)), echo);
    return heard
        .completeOnTimeout(null, WITHIN.toMillis(), TimeUnit.MILLISECONDS)
        .whenComplete((done, failure) -> expected.remove(number));
  }

  void heard(NodeMessage.Echo echo) {
    CompletableFuture<Void> waiting = echo.node().equals(node) ? expected.get(echo.number()) : null;
    if (waiting != null) {
      waiting.complete(null);
    }
  }
}
