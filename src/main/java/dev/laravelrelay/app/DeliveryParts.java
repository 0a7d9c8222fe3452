package dev.laravelrelay.app;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.laravelrelay.call.CallDirectory;
import dev.laravelrelay.call.MemoryCallDirectory;
import dev.laravelrelay.config.RelayConfig;
import dev.laravelrelay.delivery.Backplane;
import dev.laravelrelay.delivery.Dispatcher;
import dev.laravelrelay.delivery.Emitter;
import dev.laravelrelay.delivery.ExpiredNotices;
import dev.laravelrelay.delivery.Handover;
import dev.laravelrelay.delivery.HeldEvents;
import dev.laravelrelay.delivery.Interest;
import dev.laravelrelay.delivery.Logouts;
import dev.laravelrelay.delivery.MemoryBackplane;
import dev.laravelrelay.delivery.MemoryEmittedIds;
import dev.laravelrelay.delivery.MemoryHeldEvents;
import dev.laravelrelay.delivery.MemoryWebhookQueue;
import dev.laravelrelay.delivery.Presence;
import dev.laravelrelay.delivery.PresenceNotices;
import dev.laravelrelay.delivery.Receipts;
import dev.laravelrelay.delivery.Rosters;
import dev.laravelrelay.delivery.WebhookQueue;
import dev.laravelrelay.lifecycle.Readiness;
import dev.laravelrelay.lifecycle.StopSequence;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.redis.RedisEngine;
import dev.laravelrelay.session.ChannelMembers;
import dev.laravelrelay.session.PresenceListener;
import dev.laravelrelay.session.SessionRegistry;
import dev.laravelrelay.session.SuspendedSessions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** What delivers: of a single node in memory, or of one of several over Redis. */
record DeliveryParts(
    SessionRegistry registry,
    HeldEvents heldEvents,
    Dispatcher dispatcher,
    Interest interest,
    Presence presence,
    Logouts logouts,
    CallDirectory calls,
    Handover handover,
    Rosters rosters,
    Backplane backplane,
    Hooks hooks,
    Emitter emitter) {

  /** How long a start waits for Redis; it goes on without. */
  private static final Duration REDIS_WAIT = Duration.ofSeconds(2);

  /** Of a node, whoever delivers. */
  record Node(
      RelayConfig config,
      SuspendedSessions suspended,
      ChannelMembers channels,
      RelayMetrics metrics,
      InstantSource clock,
      Readiness readiness,
      StopSequence stops) {

    private Dispatcher dispatcher(SessionRegistry registry, Receipts receipts) {
      return new Dispatcher(registry, suspended, channels, receipts, metrics);
    }

    private Hooks hooks(WebhookQueue queue) {
      return Hooks.of(config.webhooks(), queue, metrics, clock, stops);
    }

    private WebhookQueue memoryQueue() {
      return new MemoryWebhookQueue(config.webhooks().queue(), metrics, clock);
    }
  }

  static DeliveryParts inMemory(Node node, ScheduledExecutorService timer) {
    RelayMetrics metrics = node.metrics();
    Hooks hooks = node.hooks(node.memoryQueue());
    SessionRegistry registry = new SessionRegistry(presence(node, hooks, timer));
    ExpiredNotices expired = new ExpiredNotices(hooks.webhook(), node.clock());
    MemoryHeldEvents heldEvents =
        new MemoryHeldEvents(
            node.config().delivery(), metrics, System::currentTimeMillis, expired::expired);
    timer.scheduleWithFixedDelay(
        () -> heldEvents.expire(System.currentTimeMillis()), 1, 1, TimeUnit.SECONDS);
    MemoryCallDirectory calls = new MemoryCallDirectory(metrics, node.clock());
    timer.scheduleWithFixedDelay(calls::expire, 5, 5, TimeUnit.SECONDS);
    Receipts receipts = new Receipts(heldEvents, metrics);
    Dispatcher dispatcher = node.dispatcher(registry, receipts);
    Backplane backplane = new MemoryBackplane(dispatcher, heldEvents);
    return new DeliveryParts(
        registry,
        heldEvents,
        dispatcher,
        Interest.SINGLE_NODE,
        Presence.of(registry),
        Logouts.singleNode(),
        calls,
        Handover.NONE,
        Rosters.NONE,
        backplane,
        hooks,
        new Emitter(backplane, receipts, new MemoryEmittedIds(metrics, Ticker.systemTicker())));
  }

  private static PresenceListener presence(Node node, Hooks hooks, ScheduledExecutorService timer) {
    if (hooks.sender() == null) {
      return PresenceListener.NONE;
    }
    Duration grace = node.config().webhooks().presenceGrace();
    PresenceNotices notices = new PresenceNotices(hooks.webhook(), grace, timer, node.clock());
    node.stops().push("presence", notices::flush);
    return notices;
  }

  static DeliveryParts overRedis(Node node) {
    RelayConfig config = node.config();
    RelayMetrics metrics = node.metrics();
    SessionRegistry registry = new SessionRegistry();
    RedisEngine redis =
        new RedisEngine(
            config.redis(),
            config.delivery(),
            registry,
            node.suspended(),
            node.channels(),
            metrics,
            System::currentTimeMillis);
    node.stops().push("redis", redis::close);
    boolean told = config.webhooks().url().isPresent();
    Hooks hooks =
        node.hooks(told ? redis.webhookQueue(config.webhooks().queue()) : node.memoryQueue());
    if (told) {
      redis.tellExpired(new ExpiredNotices(hooks.webhook(), node.clock())::expired);
      redis.tellPresence(config.webhooks().presenceGrace());
      node.stops().push("presence", redis::leave);
    }
    Receipts receipts = new Receipts(redis.heldEvents(), metrics);
    Dispatcher dispatcher = node.dispatcher(registry, receipts);
    Backplane backplane = redis.backplane(dispatcher, receipts);
    Emitter emitter =
        new Emitter(
            backplane,
            receipts,
            redis.emittedIds(new MemoryEmittedIds(metrics, Ticker.systemTicker())));
    redis.start(REDIS_WAIT);
    node.readiness().require("redis", redis::problem);
    return new DeliveryParts(
        registry,
        redis.heldEvents(),
        dispatcher,
        redis.interest(),
        redis.presence(),
        redis.logouts(),
        redis.calls(),
        redis.handover(),
        redis.rosters(),
        backplane,
        hooks,
        emitter);
  }
}
