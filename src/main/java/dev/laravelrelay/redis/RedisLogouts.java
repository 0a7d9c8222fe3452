package dev.laravelrelay.redis;

import dev.laravelrelay.delivery.Backplane.Reach;
import dev.laravelrelay.delivery.Logouts;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Tells every node, also those without a session of the user: they may know his tokens. A node that
 * does not answer in time is not counted.
 */
final class RedisLogouts implements Logouts {

  private static final Duration WITHIN = Duration.ofMillis(500);

  private final String node;
  private final RedisNames names;
  private final RedisLane lane;
  private final Reports reports;
  private volatile Here here = (user, except) -> 0;

  RedisLogouts(String node, RedisNames names, RedisLane lane, Reports reports) {
    this.node = node;
    this.names = names;
    this.lane = lane;
    this.reports = reports;
  }

  @Override
  public void serve(Here sessions) {
    here = sessions;
  }

  @Override
  public CompletionStage<Integer> logOut(String user, @Nullable String except) {
    int endedHere = here.logOut(user, except);
    if (reports.isFull()) {
      return CompletableFuture.failedStage(new IllegalStateException("too many reports awaited"));
    }
    Reports.Awaited awaited = reports.open();
    byte[] topic = names.bytes(new Topic.Everyone());
    byte[] message = new NodeMessage.LogOut(awaited.number(), node, user, except).amongEvents();
    RedisCommand told = lane.pubSub().publish(topic, message);
    RedisCommand nodes = lane.pubSub().listeners(topic);
    lane.sendTogether(told, nodes);
    return told.reply()
        .thenCombine(nodes.reply(), (any, counts) -> ((Long) ((List<?>) counts).getLast()))
        .whenComplete(
            (count, failure) -> {
              if (failure != null) {
                awaited.close();
              }
            })
        .thenCompose(count -> awaited.of(count.intValue(), WITHIN))
        .thenApply(reached -> endedHere + reached.stream().mapToInt(Reach::sessions).sum());
  }

  void asked(NodeMessage.LogOut question) {
    if (question.from().equals(node)) {
      reports.add(question.number(), List.of());
      return;
    }
    String user = question.user();
    int ended = here.logOut(user, question.except());
    NodeMessage.Report report =
        new NodeMessage.Report(question.number(), List.of(new Reach(user, ended, false)));
    lane.publish(names.bytes(new Topic.Node(question.from())), report.toBytes());
  }
}
