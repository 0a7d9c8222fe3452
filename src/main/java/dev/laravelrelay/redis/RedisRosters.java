package dev.laravelrelay.redis;

import dev.laravelrelay.delivery.Rosters;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * Asks on the channel itself, where the nodes listen that have a member: nothing is stored, so
 * nothing outlives a node.
 */
final class RedisRosters implements Rosters {

  private static final Duration WITHIN = Duration.ofMillis(300);

  private final String node;
  private final RedisNames names;
  private final RedisLane lane;
  private final AtomicLong numbers = new AtomicLong();
  private final ConcurrentMap<Long, Gathering> gatherings = new ConcurrentHashMap<>();
  private volatile Function<String, Map<String, String>> here = channel -> Map.of();

  RedisRosters(String node, RedisNames names, RedisLane lane) {
    this.node = node;
    this.names = names;
    this.lane = lane;
  }

  @Override
  public void serve(Function<String, Map<String, String>> members) {
    here = members;
  }

  @Override
  public CompletionStage<Map<String, String>> elsewhere(String channel) {
    long number = numbers.incrementAndGet();
    Gathering gathering = new Gathering();
    gatherings.put(number, gathering);
    byte[] topic = names.bytes(new Topic.Channel(channel));
    byte[] question = new NodeMessage.WhoIsIn(number, node, channel).amongEvents();
    RedisCommand nodes = lane.pubSub().listeners(topic);
    lane.sendTogether(lane.pubSub().publish(topic, question), nodes);
    nodes
        .reply()
        .whenComplete(
            (counts, failure) ->
                gathering.expect(
                    counts == null ? 0 : ((Long) ((List<?>) counts).getLast()).intValue()));
    return gathering
        .all
        .completeOnTimeout(null, WITHIN.toMillis(), TimeUnit.MILLISECONDS)
        .thenApply(
            done -> {
              gatherings.remove(number);
              return gathering.members();
            });
  }

  void asked(NodeMessage.WhoIsIn question) {
    boolean own = question.from().equals(node);
    NodeMessage.Members answer =
        new NodeMessage.Members(question.number(), own ? Map.of() : here.apply(question.channel()));
    if (own) {
      told(answer);
    } else {
      lane.publish(names.bytes(new Topic.Node(question.from())), answer.toBytes());
    }
  }

  void told(NodeMessage.Members answer) {
    Gathering gathering = gatherings.get(answer.number());
    if (gathering != null) {
      gathering.add(answer.infoByUser());
    }
  }

  /** The answers to one question. */
  private static final class Gathering {

    private final CompletableFuture<Void> all = new CompletableFuture<>();
    private final Map<String, String> members = new HashMap<>();
    private int come;
    private int expected = Integer.MAX_VALUE;

    private synchronized void add(Map<String, String> more) {
      members.putAll(more);
      come++;
      decide();
    }

    private synchronized void expect(int answers) {
      expected = answers;
      decide();
    }

    private void decide() {
      if (come >= expected) {
        all.complete(null);
      }
    }

    private synchronized Map<String, String> members() {
      return Map.copyOf(members);
    }
  }
}
