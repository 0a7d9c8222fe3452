package dev.laravelrelay.app;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.laravelrelay.call.CallDirectory;
import dev.laravelrelay.call.MemoryCallDirectory;
import dev.laravelrelay.config.RelayConfig;
import dev.laravelrelay.delivery.Dispatcher;
import dev.laravelrelay.delivery.Emitter;
import dev.laravelrelay.delivery.ExpiredNotices;
import dev.laravelrelay.delivery.Handover;
import dev.laravelrelay.delivery.HeldEvents;
import dev.laravelrelay.delivery.Interest;
import dev.laravelrelay.delivery.MemoryBackplane;
import dev.laravelrelay.delivery.MemoryEmittedIds;
import dev.laravelrelay.delivery.MemoryHeldEvents;
import dev.laravelrelay.delivery.Presence;
import dev.laravelrelay.delivery.Receipts;
import dev.laravelrelay.lifecycle.Readiness;
import dev.laravelrelay.lifecycle.StopSequence;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.redis.RedisEngine;
import dev.laravelrelay.session.ChannelMembers;
import dev.laravelrelay.session.SessionRegistry;
import dev.laravelrelay.session.SuspendedSessions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** What delivers: of a single node in memory, or of one of several over Redis. */
record DeliveryParts(
    HeldEvents heldEvents,
    Dispatcher dispatcher,
    Interest interest,
    Presence presence,
    CallDirectory calls,
    Handover handover,
    Emitter emitter) {

  /** How long a start waits for Redis; it goes on without. */
  private static final Duration REDIS_WAIT = Duration.ofSeconds(2);

  /** Who is on this node, and where facts are counted. */
  record Node(
      SessionRegistry registry,
      SuspendedSessions suspended,
      ChannelMembers channels,
      RelayMetrics metrics) {

    private Dispatcher dispatcher(Receipts receipts) {
      return new Dispatcher(registry, suspended, channels, receipts, metrics);
    }
  }

  static DeliveryParts inMemory(
      RelayConfig config, Node node, ExpiredNotices expired, ScheduledExecutorService timer) {
    MemoryHeldEvents heldEvents =
        new MemoryHeldEvents(
            config.delivery(), node.metrics(), System::currentTimeMillis, expired::expired);
    timer.scheduleWithFixedDelay(
        () -> heldEvents.expire(System.currentTimeMillis()), 1, 1, TimeUnit.SECONDS);
    MemoryCallDirectory calls = new MemoryCallDirectory(node.metrics(), InstantSource.system());
    timer.scheduleWithFixedDelay(calls::expire, 5, 5, TimeUnit.SECONDS);
    Receipts receipts = new Receipts(heldEvents, node.metrics());
    Dispatcher dispatcher = node.dispatcher(receipts);
    return new DeliveryParts(
        heldEvents,
        dispatcher,
        Interest.SINGLE_NODE,
        Presence.of(node.registry()),
        calls,
        Handover.NONE,
        new Emitter(
            new MemoryBackplane(dispatcher, heldEvents),
            receipts,
            new MemoryEmittedIds(node.metrics(), Ticker.systemTicker())));
  }

  static DeliveryParts overRedis(
      RelayConfig config, Node node, Readiness readiness, StopSequence stops) {
    RedisEngine redis =
        new RedisEngine(
            config.redis(),
            config.delivery(),
            node.registry(),
            node.suspended(),
            node.channels(),
            node.metrics(),
            System::currentTimeMillis);
    stops.push("redis", redis::close);
    Receipts receipts = new Receipts(redis.heldEvents(), node.metrics());
    Dispatcher dispatcher = node.dispatcher(receipts);
    Emitter emitter =
        new Emitter(
            redis.backplane(dispatcher, receipts),
            receipts,
            redis.emittedIds(new MemoryEmittedIds(node.metrics(), Ticker.systemTicker())));
    redis.start(REDIS_WAIT);
    readiness.require("redis", redis::problem);
    return new DeliveryParts(
        redis.heldEvents(),
        dispatcher,
        redis.interest(),
        redis.presence(),
        redis.calls(),
        redis.handover(),
        emitter);
  }
}
