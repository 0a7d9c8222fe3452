package dev.laravelrelay.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The facts that the relay counts, one method each. Tags come from bounded sets only. Safe from any
 * thread.
 */
public final class RelayMetrics {

  private static final Duration[] LATENCY_BUCKETS = {
    Duration.ofNanos(500_000),
    Duration.ofMillis(1),
    Duration.ofMillis(2),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofMillis(2500),
    Duration.ofSeconds(5),
    Duration.ofSeconds(10)
  };

  private final MeterRegistry registry;
  private final Counter deliveries;
  private final Timer emitTimes;
  private final Map<String, Counter> emits = new ConcurrentHashMap<>();
  private final Timer receiptTimes;
  private final Counter emitsRepeated;
  private final Counter emittedIdsForgotten;
  private final Counter clientEventsIgnored;

  public RelayMetrics(MeterRegistry registry) {
    this.registry = registry;
    this.deliveries = counter("relay_deliveries", "Events handed to sessions");
    this.emitTimes =
        Timer.builder("relay_emit_duration")
            .description("From an emit's arrival over HTTP to its verdict")
            .serviceLevelObjectives(LATENCY_BUCKETS)
            .register(registry);
    this.receiptTimes =
        Timer.builder("relay_receipt_time")
            .description("From an emit to its user's first receipt")
            .serviceLevelObjectives(LATENCY_BUCKETS)
            .register(registry);
    this.emitsRepeated = counter("relay_emits_repeated", "Emits whose id was known");
    this.clientEventsIgnored =
        counter("relay_client_events_ignored", "Events of clients that nothing listens to");
    this.emittedIdsForgotten =
        counter("relay_emitted_ids_forgotten", "Ids forgotten early, because there were too many");
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

  /** An Engine.IO request was refused with one of the protocol's own errors. */
  public void engineRefused(String error) {
    counter("relay_engine_refused", "Engine.IO requests refused, by error", "error", error)
        .increment();
  }

  /** A client asked to join a channel; the result is granted, refused or unavailable. */
  public void subscription(String result) {
    counter("relay_subscriptions", "Requests to join a channel, by result", "result", result)
        .increment();
  }

  /**
   * A client asked to resume; the result is resumed, or gap if it cannot be given all it missed.
   */
  public void resumption(String result) {
    counter("relay_resumptions", "Requests to resume, by result", "result", result).increment();
  }

  /** A client emitted an event that nothing here listens to. */
  public void clientEventIgnored() {
    clientEventsIgnored.increment();
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

  /**
   * An emit over HTTP was answered.
   *
   * @param verdict in lower case
   * @param nanos from its arrival to the verdict
   */
  public void emitAnswered(String verdict, long nanos) {
    emits
        .computeIfAbsent(
            verdict, name -> counter("relay_emits", "Emits, by verdict", "verdict", name))
        .increment();
    emitTimes.record(nanos, TimeUnit.NANOSECONDS);
  }

  // --- delivery

  /** An event was handed to this many sessions. */
  public void delivered(int sessions) {
    deliveries.increment(sessions);
  }

  /** The first receipt of a user came this many nanoseconds after the emit that awaits it. */
  public void receipt(long nanos) {
    receiptTimes.record(nanos, TimeUnit.NANOSECONDS);
  }

  /** An emit brought an id that was known, and was answered without emitting. */
  public void emitRepeated() {
    emitsRepeated.increment();
  }

  /** An id was forgotten before its five minutes were over. */
  public void emittedIdForgotten() {
    emittedIdsForgotten.increment();
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

  /**
   * A webhook request ended.
   *
   * @param result delivered, refused or unavailable
   */
  public void webhookAttempt(String result) {
    counter("relay_webhook_attempts", "Webhook requests to Laravel, by result", "result", result)
        .increment();
  }

  /** Laravel heard a notice of this kind. */
  public void webhookDelivered(String type) {
    counter("relay_webhooks_delivered", "Notices that Laravel heard, by type", "type", type)
        .increment();
  }

  /** A notice is lost, because a limit was reached: full, or dead for the list of dead ones. */
  public void webhookDropped(String limit) {
    counter("relay_webhooks_dropped", "Notices lost at a limit", "limit", limit).increment();
  }

  /**
   * An emit in Laravel's reply to a webhook; the result is emitted, retried, refused or invalid.
   */
  public void webhookEmit(String result) {
    counter("relay_webhook_emits", "Emits in replies to webhooks, by result", "result", result)
        .increment();
  }

  // --- calls

  /** A client's signal to a call, by what became of it: a verdict, or the code of an error. */
  public void callSignal(String signal, String result) {
    counter(
            "relay_call_signals",
            "Signals of clients to calls, by result",
            "signal",
            signal,
            "result",
            result)
        .increment();
  }

  /** What is to be delivered yet, to one or to several. */
  public void backlog(String target, LongSupplier bytes) {
    Gauge.builder("relay_backlog_bytes", bytes::getAsLong)
        .description("What event loops have been given and not delivered, by target")
        .tag("target", target)
        .register(registry);
  }

  /** A batch, or what came by Redis, had to wait for the event loops. */
  public void backlogAwaited() {
    counter("relay_backlog_awaited", "Batches and reads from Redis that waited for the event loops")
        .increment();
  }

  /** A client sent more than it may; the limit is session, user or requests. */
  public void clientEventLimited(String limit) {
    counter("relay_client_events_limited", "Events of clients over a limit", "limit", limit)
        .increment();
  }

  /** A client's event went to Laravel; the result is replied or queued. */
  public void clientEventSent(String result) {
    counter("relay_client_events_sent", "Events of clients sent to Laravel", "result", result)
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

  /** How many commands to Redis wait, in number and bytes. */
  public void redisQueue(String lane, Supplier<Number> commands, Supplier<Number> bytes) {
    Gauge.builder("relay_redis_queue", commands)
        .description("Commands that wait to be sent to Redis")
        .tag("lane", lane)
        .register(registry);
    Gauge.builder("relay_redis_queue_bytes", bytes)
        .description("Bytes of commands that wait to be sent to Redis")
        .tag("lane", lane)
        .register(registry);
  }

  /** A command was not executed, or it is not known; why: away, full, late, lost or refused. */
  public void redisCommandFailed(String lane, String why) {
    counter(
            "relay_redis_commands_failed",
            "Commands to Redis that failed",
            "lane",
            lane,
            "why",
            why)
        .increment();
  }

  /** A connection for commands was lost, or could not be made. */
  public void redisConnectionLost(String lane) {
    counter("relay_redis_connections_lost", "Connections to Redis lost", "lane", lane).increment();
  }

  /** A message of another node could not be read; kind: event or node. */
  public void redisMessageMalformed(String kind) {
    counter("relay_redis_messages_malformed", "Messages not understood", "kind", kind).increment();
  }

  /** Nodes did not report in time how many sessions they handed an event to. */
  public void reportsMissing(int nodes) {
    counter("relay_reports_missing", "Reports of nodes that did not come in time").increment(nodes);
  }

  /** Events were given to users after the subscription was lost. */
  public void recovered(int events) {
    counter("relay_recovered_events", "Held events given after a lost subscription")
        .increment(events);
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

  /**
   * An emit of a stream; the result is its verdict, duplicate, retried, or why it went to the dead
   * ones: malformed, conflict or failed.
   */
  public void streamEmit(String result) {
    streamEmits(result, 1);
  }

  /** The same of several. */
  public void streamEmits(String result, int emits) {
    if (emits > 0) {
      counter("relay_stream_emits", "Emits of streams, by result", "result", result)
          .increment(emits);
    }
  }

  /** Emits of a stream were taken over that were read before and not done. */
  public void streamClaimed(int emits) {
    counter("relay_stream_claimed", "Emits of streams taken over unfinished").increment(emits);
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
