package dev.laravelrelay.redis;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.laravelrelay.config.DeliveryConfig;
import dev.laravelrelay.config.RedisConfig;
import dev.laravelrelay.config.Secret;
import dev.laravelrelay.delivery.Dispatcher;
import dev.laravelrelay.delivery.Emission;
import dev.laravelrelay.delivery.Emitter;
import dev.laravelrelay.delivery.Gap;
import dev.laravelrelay.delivery.MemoryEmittedIds;
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
import dev.laravelrelay.session.SocketIds;
import dev.laravelrelay.session.SuspendedSessions;
import dev.laravelrelay.testing.FakeConnection;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;

/** One node with the real delivery and the real Redis, and phones instead of sockets. */
final class TestNode implements AutoCloseable {

  private static final AtomicLong IDS = new AtomicLong();
  private static final EmitPatience PATIENT =
      new EmitPatience(Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ofSeconds(5));

  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final RelayMetrics metrics = new RelayMetrics(meters);
  final SessionRegistry registry = new SessionRegistry();
  final SuspendedSessions suspended = new SuspendedSessions();
  final ChannelMembers channels = new ChannelMembers();
  final RedisEngine engine;
  final Dispatcher dispatcher;
  final Emitter emitter;
  private final ExecutorService loop = Executors.newSingleThreadExecutor();

  /** A client on this node. */
  final class Phone {

    final FakeConnection connection = new FakeConnection(loop, 1 << 24);
    final Session session;

    private Phone(String user) throws Exception {
      engine.interest().expect(user).toCompletableFuture().get(5, TimeUnit.SECONDS);
      session = connection.session(SocketIds.next(), user);
      registry.add(session);
      engine.interest().arrived(user);
      engine
          .heldEvents()
          .of(user)
          .handle((held, failure) -> held == null ? List.<Event>of() : held)
          .thenAccept(held -> dispatcher.catchUp(session, held, Gap.NONE))
          .toCompletableFuture()
          .get(5, TimeUnit.SECONDS);
      loop.submit(() -> {}).get();
    }

    /** Answers what it was asked. */
    void answer() {
      loop.execute(connection::answer);
    }

    /** The ids of the events that it got, in order. */
    List<String> ids() {
      return connection.written.stream()
          .filter(text -> !text.equals("ping"))
          .map(text -> text.replaceAll("^.*\"id\":\"([^\"]*)\"}$", "$1"))
          .toList();
    }

    void join(String channel) throws Exception {
      channels.join(channel, session, "");
      engine.interest().channelChanged(channel).toCompletableFuture().get(5, TimeUnit.SECONDS);
    }

    void leave() {
      session.closed();
      registry.remove(session);
      channels.leaveAll(session).forEach(engine.interest()::channelChanged);
      engine.interest().left(session.user());
    }

    /** Goes, and may come back. */
    void suspend() {
      session.closed();
      registry.remove(session);
      suspended.add(session, System.currentTimeMillis());
      engine.interest().left(session.user());
    }
  }

  TestNode(String redisUrl, String prefix) {
    this(config(redisUrl, prefix), Duration.ofSeconds(10), EmitPatience.USUAL);
  }

  TestNode(RedisConfig config, Duration wait) {
    this(config, wait, EmitPatience.USUAL);
  }

  private TestNode(RedisConfig config, Duration wait, EmitPatience patience) {
    engine =
        new RedisEngine(
            config,
            new DeliveryConfig(0, 100, 1 << 20, 1 << 26),
            registry,
            suspended,
            channels,
            metrics,
            System::currentTimeMillis,
            patience);
    Receipts receipts = new Receipts(engine.heldEvents(), metrics);
    dispatcher = new Dispatcher(registry, suspended, channels, receipts, metrics);
    emitter =
        new Emitter(
            engine.backplane(dispatcher, receipts),
            receipts,
            engine.emittedIds(new MemoryEmittedIds(metrics, System::nanoTime)));
    engine.start(wait);
  }

  /** One that waits for a Redis and for nodes that are slow. */
  static TestNode patient(String redisUrl, String prefix) {
    return patient(config(redisUrl, prefix));
  }

  static TestNode patient(RedisConfig config) {
    return new TestNode(config, Duration.ofSeconds(10), PATIENT);
  }

  private static RedisConfig config(String redisUrl, String prefix) {
    return new RedisConfig(Optional.of(new Secret(redisUrl)), prefix, List.of(), 0);
  }

  Phone phone(String user) throws Exception {
    return new Phone(user);
  }

  static Event event(Target target, Terms terms) {
    String id = "e" + IDS.incrementAndGet();
    return event(id, target, terms);
  }

  static Event event(String id, Target target, Terms terms) {
    return new Event(
        id, "call:rejected", RawJson.of("{\"a\":1.0}"), target, terms, System.currentTimeMillis());
  }

  CompletableFuture<Emission> emitting(Event event) {
    return emitter.emit(new EmitRequest(event, false, 0));
  }

  Emission emit(Event event) throws Exception {
    return emitting(event).get(15, TimeUnit.SECONDS);
  }

  Emission.Accepted accepted(Target target, Terms terms) throws Exception {
    return assertInstanceOf(Emission.Accepted.class, emit(event(target, terms)));
  }

  /** Emits to one whose phone answers as soon as it is asked. */
  Emission.Accepted answered(Event event, Phone phone) throws Exception {
    CompletableFuture<Emission> emitting = emitting(event);
    Awaitility.await()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(5))
        .until(
            () -> {
              phone.answer();
              return emitting.isDone();
            });
    return assertInstanceOf(Emission.Accepted.class, emitting.get(10, TimeUnit.SECONDS));
  }

  /** Waits until it holds. */
  static void soon(ThrowingRunnable assertion) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(10))
        .untilAsserted(assertion);
  }

  double count(String metric) {
    return meters.find(metric).counters().stream().mapToDouble(one -> one.count()).sum();
  }

  @Override
  public void close() {
    engine.close();
    loop.shutdownNow();
  }
}
