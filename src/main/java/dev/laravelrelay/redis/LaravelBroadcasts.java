package dev.laravelrelay.redis;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.NoArgGenerator;
import dev.laravelrelay.config.RedisConfig;
import dev.laravelrelay.event.ChannelName;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.event.Terms;
import dev.laravelrelay.metrics.RelayMetrics;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ingress for Laravel's redis broadcaster: hears what {@code broadcast(…)} publishes and hands
 * it to the dispatcher of this node. Every node hears it, so it is never published again. At most
 * once: nothing is held, Laravel learns no verdict, and what is published while Redis is away is
 * lost.
 *
 * <p>{@code private-user.42} and {@code private-App.Models.User.42} go to user 42, every other
 * channel to those who subscribed to it. A broadcast on several channels is an event for each. All
 * events are handed over by one thread, in the order in which Redis sent them.
 */
public final class LaravelBroadcasts implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(LaravelBroadcasts.class);
  private static final String NAME = "redis-laravel-broadcasts";
  private static final String SUBSCRIPTION = "laravel_broadcasts";

  private final String ownPrefix;
  private final List<String> prefixes;
  private final Consumer<Event> dispatch;
  private final RelayMetrics metrics;
  private final LongSupplier clock;
  private final NoArgGenerator ids = Generators.timeBasedEpochGenerator();
  private final RedisSubscription subscription;

  /**
   * Not started yet.
   *
   * @param config with a URL and at least one Laravel prefix
   * @param dispatch called on the subscription's thread; while it waits, broadcasts wait in Redis
   * @param clock epoch milliseconds
   * @throws IllegalArgumentException if there is no prefix, no URL, or it is not one
   */
  public LaravelBroadcasts(
      RedisConfig config, Consumer<Event> dispatch, RelayMetrics metrics, LongSupplier clock) {
    if (config.laravelPrefixes().isEmpty()) {
      throw new IllegalArgumentException("no prefix of Laravel's channels");
    }
    this.ownPrefix = config.prefix();
    this.prefixes =
        config.laravelPrefixes().stream()
            .distinct()
            .sorted(Comparator.comparingInt(String::length).reversed())
            .toList();
    this.dispatch = dispatch;
    this.metrics = metrics;
    this.clock = clock;
    this.subscription =
        new RedisSubscription(
            NAME,
            "subscription to Laravel's broadcasts",
            RedisClients.of(config),
            patterns(prefixes),
            new Hearing(),
            clock);
  }

  /** Begins to subscribe; returns at once, whether Redis is there or not. */
  public void start() {
    subscription.start();
  }

  /** Null while it is subscribed, else one sentence that says since when it is not. */
  public @Nullable String problem() {
    return subscription.problem();
  }

  /** Ends the subscription, within half a second. */
  @Override
  public void close() {
    subscription.close();
  }

  /** One pattern for each prefix that no shorter one covers: nothing is to be heard twice. */
  private static List<byte[]> patterns(List<String> prefixes) {
    return prefixes.stream()
        .filter(
            prefix ->
                prefixes.stream()
                    .noneMatch(other -> !other.equals(prefix) && prefix.startsWith(other)))
        .map(prefix -> prefix.replaceAll("[*?\\[\\]\\\\^]", "\\\\$0") + "*")
        .map(pattern -> pattern.getBytes(StandardCharsets.UTF_8))
        .toList();
  }

  private void heard(String redisChannel, byte[] message) {
    String prefix = prefixes.stream().filter(redisChannel::startsWith).findFirst().orElseThrow();
    if (prefix.isEmpty() && !ownPrefix.isEmpty() && redisChannel.startsWith(ownPrefix)) {
      return;
    }
    String channel = redisChannel.substring(prefix.length());
    switch (LaravelMessage.read(message)) {
      case LaravelMessage.Broadcast broadcast -> {
        dispatch.accept(event(channel, broadcast));
        metrics.laravelBroadcast("dispatched");
      }
      case LaravelMessage.Refused(LaravelMessage.Reason reason) -> {
        metrics.laravelBroadcast(reason.lowerCase());
        log.debug("refused {} bytes on {}: {}", message.length, channel, reason.lowerCase());
      }
    }
  }

  private Event event(String channel, LaravelMessage.Broadcast broadcast) {
    Target target =
        ChannelName.owner(channel)
            .<Target>map(Target.User::new)
            .orElseGet(() -> new Target.Channels(List.of(channel)));
    return new Event(
        ids.generate().toString(),
        broadcast.event(),
        broadcast.data(),
        target,
        new Terms(0, 0, null, broadcast.socket()),
        clock.getAsLong());
  }

  /** What the subscription tells. */
  private final class Hearing implements RedisSubscription.Listener {

    @Override
    public void message(byte[] channel, byte[] message) {
      try {
        heard(new String(channel, StandardCharsets.UTF_8), message);
      } catch (RuntimeException e) {
        metrics.laravelBroadcast("failed");
        log.error("a broadcast of Laravel could not be dispatched", e);
      }
    }

    @Override
    public void lost() {
      metrics.redisSubscriptionLost(SUBSCRIPTION);
    }

    @Override
    public void restored() {
      metrics.redisSubscriptionRestored(SUBSCRIPTION);
    }
  }
}
