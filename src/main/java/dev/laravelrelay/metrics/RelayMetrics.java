package dev.laravelrelay.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * The facts that the relay counts, one method each. Tags come from bounded sets only. Safe from any
 * thread.
 */
public final class RelayMetrics {

  private final MeterRegistry registry;

  public RelayMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /** The registry behind it, for the scrape. */
  public MeterRegistry registry() {
    return registry;
  }

  /** A value that is read at each scrape. */
  public void gauge(String name, String description, Supplier<Number> value) {
    Gauge.builder(name, value).description(description).register(registry);
  }

  private Counter counter(String name, String description, String... tags) {
    return Counter.builder(name).description(description).tags(tags).register(registry);
  }

  // --- sockets

  /** A client connected and was admitted. */
  public void sessionOpened(String protocol) {
    counter("relay_sessions_opened", "Sessions admitted", "protocol", protocol).increment();
  }

  /** A session ended. */
  public void sessionClosed(String reason) {
    counter("relay_sessions_closed", "Sessions ended, by reason", "reason", reason).increment();
  }

  /** A handshake or CONNECT was refused. */
  public void connectRefused(String reason) {
    counter("relay_connects_refused", "Clients refused, by reason", "reason", reason).increment();
  }

  // --- api

  /** A request to the API was refused. */
  public void apiRefused(int status) {
    counter(
            "relay_api_refused",
            "Requests to the API refused, by status",
            "status",
            Integer.toString(status))
        .increment();
  }

  // --- redis

  /** A subscription to Redis was lost, or could not be made. */
  public void redisSubscriptionLost(String subscription) {
    counter(
            "relay_redis_subscriptions_lost",
            "Subscriptions to Redis lost",
            "subscription",
            subscription)
        .increment();
  }

  /** A subscription to Redis that was lost is there again. */
  public void redisSubscriptionRestored(String subscription) {
    counter(
            "relay_redis_subscriptions_restored",
            "Subscriptions to Redis that came back",
            "subscription",
            subscription)
        .increment();
  }

  /** Laravel's broadcaster published a message. */
  public void laravelBroadcast(String result) {
    counter(
            "relay_laravel_broadcasts",
            "Messages of Laravel's redis broadcaster, by result",
            "result",
            result)
        .increment();
  }

  // --- held events

  /** An event was put among the held ones of a user. */
  public void eventHeld() {
    counter("relay_held_stored", "Events put among the held ones of a user").increment();
  }

  /** A held event ended, for {@code why}. */
  public void heldEnded(HeldEnd why) {
    counter("relay_held_ended", "Held events that ended, by reason", "reason", why.tag())
        .increment();
  }

  /** Why an event is held no longer. */
  public enum HeldEnd {
    /** A client gave its receipt. */
    RELEASED,
    /** Its time was over. */
    EXPIRED,
    /** A limit was reached. */
    EVICTED,
    /** A newer event with its collapse key came. */
    COLLAPSED,
    /** Somebody asked for it. */
    DROPPED;

    private String tag() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
