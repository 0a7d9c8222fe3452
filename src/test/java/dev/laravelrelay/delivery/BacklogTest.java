package dev.laravelrelay.delivery;

import static dev.laravelrelay.testing.Deliveries.request;
import static dev.laravelrelay.testing.Deliveries.user;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import dev.laravelrelay.call.CallDirectory;
import dev.laravelrelay.call.CallEmitter;
import dev.laravelrelay.call.MemoryCallDirectory;
import dev.laravelrelay.event.CallTerms;
import dev.laravelrelay.event.EmitRequest;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.event.Terms;
import dev.laravelrelay.protocol.Protocol;
import dev.laravelrelay.session.Connection;
import dev.laravelrelay.session.Heartbeat;
import dev.laravelrelay.session.Outbox;
import dev.laravelrelay.session.Session;
import dev.laravelrelay.testing.Deliveries;
import dev.laravelrelay.testing.FakeConnection;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Event loops that cannot follow: nothing piles up beyond the limit, and who emits is told. */
@Timeout(30)
class BacklogTest {

  private static final int MIB = 1 << 20;

  private final Deliveries node = new Deliveries();
  private final Queue<Runnable> loop = new ArrayDeque<>();
  private final FakeConnection phone = new FakeConnection(loop::add, Integer.MAX_VALUE);
  private final CallEmitter emitter =
      callEmitter(new MemoryCallDirectory(node.metrics, node.clock));

  private CallEmitter callEmitter(CallDirectory calls) {
    return new CallEmitter(calls, node.emitter, node.dispatcher.backlog());
  }

  @BeforeEach
  void connect() {
    node.registry.add(phone.live("1.1", "42"));
  }

  private Emission emit(Target target) {
    RawJson data = RawJson.of("\"" + "x".repeat(MIB) + "\"");
    Event event = new Event("a", "call:rejected", data, target, Terms.NONE, node.clock.millis());
    return emitter.emit(request(event)).join();
  }

  private double backlog(String target) {
    return node.meters.get("relay_backlog_bytes").tag("target", target).gauge().value();
  }

  /** Emits until it is told to stop; how many were taken. */
  private int emitUntilBusy(Target target) {
    int taken = 0;
    while (emit(target) instanceof Emission.Accepted) {
      taken++;
    }
    return taken;
  }

  private void deliverAll() {
    for (Runnable task = loop.poll(); task != null; task = loop.poll()) {
      task.run();
    }
  }

  @Test
  void anEmitThatWouldWaitTooLongIsRefusedAndTakenAgainOnceThereIsRoom() {
    int taken = emitUntilBusy(user("42"));
    assertEquals(Backlog.MAX_BYTES / MIB, taken, "each is a little larger than a MiB");
    assertEquals(new Emission.Busy("a", 1), emit(user("42")));
    assertEquals(new Emission.Busy("a", 1), emit(new Target.Socket("1.1")));
    assertEquals(taken, loop.size());
    loop.remove().run();
    assertInstanceOf(Emission.Accepted.class, emit(user("42")));
    deliverAll();
    assertEquals(0, backlog("one"));
    assertEquals(taken + 1, phone.written.size());
  }

  @Test
  void aFloodToSeveralDoesNotStandInTheWayOfACall() {
    List<Target> toSeveral =
        List.of(
            new Target.Everyone(),
            new Target.Users(List.of("42")),
            new Target.Channels(List.of("private-user.42")));
    node.dispatcher.backlog().add(toSeveral.getFirst(), 10 * Backlog.MAX_BYTES);
    for (Target target : toSeveral) {
      assertEquals(new Emission.Busy("a", 1), emit(target));
    }
    assertEquals(Backlog.MAX_BYTES / MIB, emitUntilBusy(user("42")));
  }

  @Test
  void whatMayWaitIsHandedOnOnceThereIsRoom() {
    Backlog backlog = node.dispatcher.backlog();
    backlog.add(user("42"), Backlog.MAX_BYTES);
    CompletableFuture<Void> handedOn =
        CompletableFuture.runAsync(
            () -> node.dispatcher.dispatchWithRoom(node.event("a", user("42"), Terms.NONE)));
    Awaitility.await().until(() -> node.count("relay_backlog_awaited") == 1);
    backlog.delivered(user("42"), Backlog.MAX_BYTES);
    handedOn.join();
    assertEquals(1, loop.size());
  }

  @Test
  void aRefusedEmitAnnouncesNoCall() {
    node.dispatcher.backlog().add(user("42"), Backlog.MAX_BYTES);
    MemoryCallDirectory calls = new MemoryCallDirectory(node.metrics, node.clock);
    Event event = node.event("a", user("42"), Terms.NONE);
    EmitRequest request = new EmitRequest(event, false, 0, new CallTerms("c-1", "1", "42", 60));
    assertEquals(new Emission.Busy("a", 1), callEmitter(calls).emit(request).join());
    assertTrue(calls.get("c-1").toCompletableFuture().join().isEmpty());
  }

  @Test
  void anOfferIsTakenIfThereIsRoomAndElseMayBeMadeAgain() {
    node.dispatcher.backlog().add(user("42"), Backlog.MAX_BYTES);
    EmitRequest offered = request(node.event("a", user("42"), Terms.NONE));
    assertEquals(Optional.empty(), emitter.offer(offered));
    assertTrue(loop.isEmpty());
    node.dispatcher.backlog().delivered(user("42"), 1);
    assertInstanceOf(Emission.Accepted.class, emitter.offer(offered).orElseThrow().join());
    deliverAll();
    assertEquals(1, phone.written.size());
  }

  @Test
  void whatAPhoneSignalsIsNeverRefused() {
    node.dispatcher.backlog().add(user("42"), Backlog.MAX_BYTES);
    Event event = node.event("a", user("42"), Terms.NONE);
    assertInstanceOf(Emission.Accepted.class, node.emitter.emit(request(event)).join());
  }

  @Test
  void anEventToManyCountsItsFrameOnce() {
    for (int i = 0; i < 9; i++) {
      node.registry.add(new FakeConnection(loop::add, MIB).live("3." + i, "u" + i));
    }
    emit(new Target.Users(List.of("42", "u0", "u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8")));
    assertEquals(MIB + 10 * Backlog.PER_DELIVERY, backlog("several"), 1_000);
  }

  @Test
  void aDeliveryThatFailsWaitsNoLonger() {
    Connection broken = mock();
    when(broken.loop()).thenReturn(loop::add);
    when(broken.write(any())).thenThrow(new IllegalStateException("broken"));
    Session session =
        new Session(
            "2.2",
            "7",
            Protocol.PLAIN_JSON,
            broken,
            new Outbox(broken, MIB),
            new Heartbeat(broken, Long.MAX_VALUE / 4, Long.MAX_VALUE / 4, 0),
            0,
            null);
    session.catchUp(List.of());
    node.registry.add(session);
    emit(user("7"));
    assertTrue(backlog("one") > MIB);
    assertThrows(IllegalStateException.class, this::deliverAll);
    assertEquals(0, backlog("one"));
  }

  @Test
  void whoReadsFromRedisWaitsForRoom() {
    Backlog backlog = new Backlog(node.metrics, Duration.ofDays(1));
    backlog.add(user("42"), Backlog.MAX_BYTES - 1);
    backlog.add(new Target.Everyone(), Backlog.MAX_BYTES);
    backlog.awaitRoomFor(user("42"));
    backlog.awaitSomeRoom();
    assertEquals(0, node.count("relay_backlog_awaited"));
    CompletableFuture<Void> reading = CompletableFuture.runAsync(backlog::awaitRoom);
    Awaitility.await().until(() -> node.count("relay_backlog_awaited") == 1);
    backlog.delivered(new Target.Everyone(), 1);
    reading.join();
  }

  @Test
  void butNotForEverNorWhenItIsToStop() {
    Backlog impatient = new Backlog(node.metrics, Duration.ofMillis(1));
    Backlog patient = new Backlog(node.metrics, Duration.ofDays(1));
    for (Backlog backlog : List.of(impatient, patient)) {
      backlog.add(new Target.Everyone(), Backlog.MAX_BYTES);
      backlog.add(user("42"), Backlog.MAX_BYTES);
    }
    impatient.awaitRoomFor(user("42"));
    impatient.awaitRoomFor(new Target.Everyone());
    impatient.awaitSomeRoom();
    assertEquals(3, node.count("relay_backlog_awaited"));
    Thread.currentThread().interrupt();
    patient.awaitRoom();
    assertTrue(Thread.interrupted());
  }
}
