package dev.laravelrelay.redis;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisConnectionException;

/**
 * What a {@link TopicConnection} is to listen to, what of it is to be sent, and what Redis has yet
 * to confirm, which it does in order. Completes nothing by itself: what hangs on it must not run
 * under the lock. Safe from any thread.
 */
final class TopicChanges {

  private static final int MAX_BATCH = 500;

  /** A topic, and when it is listened to. */
  record Wanted(Topic topic, CompletableFuture<Void> heard) {}

  /**
   * A change that is to be sent, or was and is not confirmed.
   *
   * @param again whether the connection is whole only after it
   */
  record Change(String channel, boolean subscribe, CompletableFuture<Void> done, boolean again) {}

  /** Changes of one kind for that connection; none where it is only to be kept talking. */
  record Batch(RedisWire wire, List<Change> changes) {}

  /**
   * What an answer of Redis came to.
   *
   * @param done what it confirms, or refuses
   * @param gone a topic that is elsewhere
   * @param whole whether all is subscribed again now
   */
  record Outcome(@Nullable CompletableFuture<Void> done, @Nullable Wanted gone, boolean whole) {}

  private final RedisNames names;

  /** By channel. Guarded by this, as everything that follows. */
  private final Map<String, Wanted> wanted = new HashMap<>();

  /** What is to be sent, the last change of each channel only. */
  private final LinkedHashMap<String, Change> unsent = new LinkedHashMap<>();

  private final ArrayDeque<Change> unconfirmed = new ArrayDeque<>();

  /** Null while there is no connection. */
  private @Nullable RedisWire wire;

  /** How many confirmations are missing until all is subscribed again; 0 when it is. */
  private int missing;

  TopicChanges(RedisNames names) {
    this.names = names;
  }

  /** Completes when the topic is listened to. */
  synchronized CompletableFuture<Void> want(Topic topic) {
    String channel = names.channel(topic);
    Wanted known = wanted.get(channel);
    if (known != null) {
      return known.heard();
    }
    CompletableFuture<Void> heard = new CompletableFuture<>();
    wanted.put(channel, new Wanted(topic, heard));
    change(channel, true, heard);
    return heard;
  }

  synchronized boolean isWanted(Topic topic) {
    return wanted.containsKey(names.channel(topic));
  }

  synchronized void unwant(Topic topic) {
    String channel = names.channel(topic);
    if (wanted.remove(channel) != null) {
      change(channel, false, new CompletableFuture<>());
    }
  }

  /** Under the lock. */
  private void change(String channel, boolean subscribe, CompletableFuture<Void> done) {
    Change older = unsent.get(channel);
    boolean again = older != null && older.again();
    unsent.put(channel, new Change(channel, subscribe, done, again));
    notifyAll();
  }

  /** Wants no more what may not stay; what that was. */
  synchronized List<Wanted> giveAway(Predicate<String> mayStay) {
    List<Wanted> given = new ArrayList<>();
    wanted.entrySet().removeIf(one -> !mayStay.test(one.getKey()) && given.add(one.getValue()));
    return given;
  }

  synchronized int size() {
    return wanted.size();
  }

  synchronized int behind() {
    return unsent.size();
  }

  synchronized List<Topic> topics() {
    return wanted.values().stream().map(Wanted::topic).toList();
  }

  /** Null if the channel is not wanted. */
  synchronized @Nullable Topic topicOf(String channel) {
    Wanted one = wanted.get(channel);
    return one == null ? null : one.topic();
  }

  /** Everything is to be sent over this connection; whether there is nothing. */
  synchronized boolean begin(RedisWire made) {
    wire = made;
    unconfirmed.clear();
    unsent.clear();
    wanted.forEach(
        (channel, one) -> unsent.put(channel, new Change(channel, true, one.heard(), true)));
    missing = unsent.size();
    notifyAll();
    return missing == 0;
  }

  /** There is no connection: nothing is to be sent. */
  synchronized void cut() {
    wire = null;
  }

  /** As {@link #cut}; whoever waited for a topic, to be told that it goes on without. */
  synchronized List<CompletableFuture<Void>> failed() {
    wire = null;
    List<CompletableFuture<Void>> waiting = new ArrayList<>();
    wanted.replaceAll(
        (channel, one) -> {
          waiting.add(one.heard());
          return new Wanted(one.topic(), new CompletableFuture<>());
        });
    return waiting;
  }

  /** Waits for changes, at most so long; they are unconfirmed from here on. Null if cut. */
  synchronized @Nullable Batch next(long waitMillis) throws InterruptedException {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(waitMillis);
    long left = waitMillis;
    while ((wire == null || unsent.isEmpty()) && left > 0) {
      wait(left);
      left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
    }
    return wire == null ? null : new Batch(wire, take());
  }

  private List<Change> take() {
    List<Change> changes = new ArrayList<>();
    Iterator<Change> all = unsent.values().iterator();
    while (all.hasNext() && changes.size() < MAX_BATCH) {
      Change next = all.next();
      if (!changes.isEmpty() && changes.getFirst().subscribe() != next.subscribe()) {
        break;
      }
      changes.add(next);
      all.remove();
    }
    unconfirmed.addAll(changes);
    return changes;
  }

  /**
   * Redis says that the channel is subscribed, or is not. That one ended which nobody gave up says
   * that it is elsewhere.
   *
   * @throws JedisConnectionException if it cannot be: Redis and this are out of step
   */
  synchronized Outcome confirmed(String channel, boolean subscribed) {
    Change change = unconfirmed.peek();
    if (change != null && change.subscribe() == subscribed && change.channel().equals(channel)) {
      unconfirmed.remove();
      return new Outcome(change.done(), null, isWholeAfter(change));
    }
    if (subscribed) {
      throw new JedisConnectionException("subscribed to what was not wanted");
    }
    return new Outcome(null, wanted.remove(channel), false);
  }

  /** Redis says of the next change that the channel is elsewhere. */
  synchronized Outcome refused() {
    Change change = unconfirmed.remove();
    Wanted gone = change.subscribe() ? wanted.remove(change.channel()) : null;
    return new Outcome(change.done(), gone, isWholeAfter(change));
  }

  private boolean isWholeAfter(Change change) {
    return change.again() && --missing == 0;
  }
}
