package dev.laravelrelay.app;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.laravelrelay.config.RelayConfig;
import dev.laravelrelay.delivery.Backplane;
import dev.laravelrelay.delivery.Dispatcher;
import dev.laravelrelay.delivery.EmittedIds;
import dev.laravelrelay.delivery.Emitter;
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
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** The parts that deliver: of a single node in its memory, of one of several nodes over Redis. */
record Delivery(
    HeldEvents heldEvents,
    Dispatcher dispatcher,
    Interest interest,
    Presence presence,
    Emitter emitter) {

  /** How long a start waits for Redis; without it the relay starts, and is not ready. */
  private static final Duration REDIS_WAIT = Duration.ofSeconds(2);

  /** What they are made of. */
  record Parts(
      RelayConfig config,
      SessionRegistry registry,
      SuspendedSessions suspended,
      ChannelMembers channels,
      RelayMetrics metrics) {

    /** Builds and starts them; with a Redis URL they are those of several nodes. */
    Delivery build(ScheduledExecutorService housekeeping, Readiness readiness, StopSequence stops) {
      EmittedIds ids = new MemoryEmittedIds(metrics, Ticker.systemTicker());
      return config.redis().url().isPresent()
          ? overRedis(ids, readiness, stops)
          : inMemory(ids, housekeeping);
    }

    private Delivery inMemory(EmittedIds ids, ScheduledExecutorService housekeeping) {
      MemoryHeldEvents heldEvents =
          new MemoryHeldEvents(config.delivery(), metrics, System::currentTimeMillis);
      housekeeping.scheduleWithFixedDelay(
          () -> heldEvents.expire(System.currentTimeMillis()), 1, 1, TimeUnit.SECONDS);
      Receipts receipts = new Receipts(heldEvents, metrics);
      Dispatcher dispatcher = new Dispatcher(registry, suspended, channels, receipts, metrics);
      Backplane backplane = new MemoryBackplane(dispatcher, heldEvents);
      return new Delivery(
          heldEvents,
          dispatcher,
          Interest.SINGLE_NODE,
          Presence.of(registry),
          new Emitter(backplane, receipts, ids));
    }

    private Delivery overRedis(EmittedIds ids, Readiness readiness, StopSequence stops) {
      RedisEngine redis =
          new RedisEngine(
              config.redis(),
              config.delivery(),
              registry,
              suspended,
              channels,
              metrics,
              System::currentTimeMillis);
      stops.push("redis", redis::close);
      Receipts receipts = new Receipts(redis.heldEvents(), metrics);
      Dispatcher dispatcher = new Dispatcher(registry, suspended, channels, receipts, metrics);
      Backplane backplane = redis.backplane(dispatcher, receipts);
      redis.start(REDIS_WAIT);
      readiness.require("redis", redis::problem);
      return new Delivery(
          redis.heldEvents(),
          dispatcher,
          redis.interest(),
          redis.presence(),
          new Emitter(backplane, receipts, redis.emittedIds(ids)));
    }
  }
}
