package dev.laravelrelay.redis;

import dev.laravelrelay.delivery.Interest;
import dev.laravelrelay.session.ChannelMembers;
import dev.laravelrelay.session.SessionRegistry;
import dev.laravelrelay.session.SuspendedSessions;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Wants the topics of the users and channels that have a session here, and no others. Decides by
 * who is here at that moment, under one lock, so that the last change wins whatever the order in
 * which threads tell of theirs. A session that was expected and never came is forgotten after
 * {@link #PATIENCE_MILLIS}.
 */
final class RedisInterest implements Interest {

  /** How long a session may be expected. */
  static final long PATIENCE_MILLIS = 5_000;

  /** How long a client waits for a subscription that is not confirmed. */
  private static final long MAX_WAIT_MILLIS = 1_000;

  private record Expected(int sessions, long since) {}

  private final RedisTopics topics;
  private final SessionRegistry registry;
  private final SuspendedSessions suspended;
  private final ChannelMembers channels;
  private final Consumer<String> userChanged;

  /** By user. Guarded by this, as every decision. */
  private final Map<String, Expected> expected = new HashMap<>();

  /**
   * Nobody is here yet.
   *
   * @param userChanged told of each user whose sessions came or went
   */
  RedisInterest(
      RedisTopics topics,
      SessionRegistry registry,
      SuspendedSessions suspended,
      ChannelMembers channels,
      Consumer<String> userChanged) {
    this.topics = topics;
    this.registry = registry;
    this.suspended = suspended;
    this.channels = channels;
    this.userChanged = userChanged;
  }

  @Override
  public CompletionStage<Void> expect(String user) {
    CompletableFuture<Void> heard;
    synchronized (this) {
      expected.merge(
          user,
          new Expected(1, System.nanoTime()),
          (known, one) -> new Expected(known.sessions() + 1, one.since()));
      heard = decide(user);
    }
    return bounded(heard);
  }

  @Override
  public void arrived(String user) {
    synchronized (this) {
      expected.computeIfPresent(
          user,
          (key, known) ->
              known.sessions() == 1 ? null : new Expected(known.sessions() - 1, known.since()));
      decide(user);
    }
    userChanged.accept(user);
  }

  @Override
  public void left(String user) {
    synchronized (this) {
      decide(user);
    }
    userChanged.accept(user);
  }

  @Override
  public CompletionStage<Void> channelChanged(String channel) {
    Topic topic = new Topic.Channel(channel);
    synchronized (this) {
      if (channels.of(channel).isEmpty()) {
        topics.unwant(topic);
        return CompletableFuture.completedStage(null);
      }
      return bounded(topics.want(topic));
    }
  }

  /** Forgets the sessions that were expected and never came; to be called every second. */
  void sweep() {
    long now = System.nanoTime();
    synchronized (this) {
      for (String user : expected.keySet().toArray(String[]::new)) {
        Expected known = expected.get(user);
        if (known != null && now - known.since() > TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS)) {
          expected.remove(user);
          decide(user);
        }
      }
    }
  }

  /** Null if the user is not wanted. Under the lock. */
  private @Nullable CompletableFuture<Void> decide(String user) {
    Topic topic = topicOf(user);
    Topic open = new Topic.User(user);
    Topic waiting = new Topic.Suspended(user);
    if (topic == null) {
      topics.unwant(open);
      topics.unwant(waiting);
      return null;
    }
    // The one is given up when the other is heard: between them nothing is missed.
    CompletableFuture<Void> heard = topics.want(topic);
    Topic other = topic.equals(open) ? waiting : open;
    if (topics.isWanted(other)) {
      var _ = heard.thenRun(() -> giveUp(other, user));
    }
    return topic.equals(open) ? heard : null;
  }

  private synchronized void giveUp(Topic topic, String user) {
    if (!topic.equals(topicOf(user))) {
      topics.unwant(topic);
    }
  }

  /** Under the lock. */
  private @Nullable Topic topicOf(String user) {
    if (expected.containsKey(user) || registry.ofUser(user).length > 0) {
      return new Topic.User(user);
    }
    return suspended.ofUser(user).isEmpty() ? null : new Topic.Suspended(user);
  }

  private CompletionStage<Void> bounded(@Nullable CompletableFuture<Void> heard) {
    if (heard == null || heard.isDone()) {
      return CompletableFuture.completedStage(null);
    }
    return heard.copy().completeOnTimeout(null, MAX_WAIT_MILLIS, TimeUnit.MILLISECONDS);
  }
}
