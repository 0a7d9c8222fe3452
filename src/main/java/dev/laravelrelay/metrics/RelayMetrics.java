package dev.laravelrelay.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
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

  // --- laravel

  /**
   * Laravel was asked about a client's token.
   *
   * @param question user or channel
   * @param result known, granted, refused or unavailable
   */
  public void laravelAsked(String question, String result) {
    counter(
            "relay_laravel_questions",
            "Questions to Laravel about a client, by result",
            "question",
            question,
            "result",
            result)
        .increment();
  }
}
