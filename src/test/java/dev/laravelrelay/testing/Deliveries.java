package dev.laravelrelay.testing;

import dev.laravelrelay.config.DeliveryConfig;
import dev.laravelrelay.delivery.Dispatcher;
import dev.laravelrelay.delivery.Emitter;
import dev.laravelrelay.delivery.Gap;
import dev.laravelrelay.delivery.MemoryBackplane;
import dev.laravelrelay.delivery.MemoryEmittedIds;
import dev.laravelrelay.delivery.MemoryHeldEvents;
import dev.laravelrelay.delivery.Receipts;
import dev.laravelrelay.event.EmitRequest;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.event.Terms;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.session.ChannelMembers;
import dev.laravelrelay.session.Session;
import dev.laravelrelay.session.SessionRegistry;
import dev.laravelrelay.session.SuspendedSessions;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutionException;

/** The real delivery of one node, in memory. */
public final class Deliveries {

  public final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  public final RelayMetrics metrics = new RelayMetrics(meters);
  public final ManualClock clock = new ManualClock(Instant.now());
  public final SessionRegistry registry = new SessionRegistry();
  public final SuspendedSessions suspended = new SuspendedSessions();
  public final ChannelMembers channels = new ChannelMembers();
  public final MemoryHeldEvents held =
      new MemoryHeldEvents(new DeliveryConfig(0, 100, 1 << 20, 1 << 24), metrics, clock::millis);
  public final Receipts receipts = new Receipts(held, metrics);
  public final Dispatcher dispatcher =
      new Dispatcher(registry, suspended, channels, receipts, metrics);
  public final Emitter emitter =
      new Emitter(
          new MemoryBackplane(dispatcher, held), receipts, new MemoryEmittedIds(metrics, clock));

  /** A session that has been given what is held for its user. */
  public Session connect(FakeConnection connection, String id, String user) {
    Session session = connection.session(id, user);
    registry.add(session);
    try {
      dispatcher.catchUp(session, held.of(user).toCompletableFuture().get(), Gap.NONE);
    } catch (InterruptedException | ExecutionException e) {
      throw new AssertionError(e);
    }
    return session;
  }

  public Event event(String id, Target target, Terms terms) {
    return new Event(
        id, "call:rejected", RawJson.of("{\"n\":\"" + id + "\"}"), target, terms, clock.millis());
  }

  public static Terms terms(int holdSeconds, int confirmMillis) {
    return new Terms(holdSeconds, confirmMillis, null, null);
  }

  public static EmitRequest request(Event event) {
    return new EmitRequest(event, false, 0);
  }

  /** What the metric counts now, over all its tags. */
  public double count(String metric) {
    return meters.find(metric).counters().stream().mapToDouble(one -> one.count()).sum();
  }

  /** The event as {@link FakeConnection} has it written. */
  public static String written(String id) {
    return "{\"event\":\"call:rejected\",\"data\":{\"n\":\"%1$s\"},\"id\":\"%1$s\"}".formatted(id);
  }

  /** A user's target. */
  public static Target user(String user) {
    return new Target.User(user);
  }

  /** Several users' target. */
  public static Target users(String... users) {
    return new Target.Users(List.of(users));
  }
}
