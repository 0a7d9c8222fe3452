package dev.laravelrelay.delivery;

import static dev.laravelrelay.testing.Deliveries.request;
import static dev.laravelrelay.testing.Deliveries.user;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

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

  @BeforeEach
  void connect() {
    node.registry.add(phone.live("1.1", "42"));
  }

  private Emission emit(Target target) {
    RawJson data = RawJson.of("\"" + "x".repeat(MIB) + "\"");
    Event event = new Event("a", "call:rejected", data, target, Terms.NONE, node.clock.millis());
    return node.emitter.emit(request(event)).join();
  }

  private double backlog() {
    return node.meters.get("relay_backlog_bytes").gauge().value();
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
    long limit = Backlog.MAX_BYTES / MIB;
    int taken = emitUntilBusy(user("42"));
    assertEquals(limit, taken, "each is a little larger than a MiB");
    assertEquals(new Emission.Busy("a", 1), emit(user("42")));
    assertEquals(taken, loop.size());
    loop.remove().run();
    assertInstanceOf(Emission.Accepted.class, emit(user("42")));
    deliverAll();
    assertEquals(0, backlog());
    assertEquals(taken + 1, phone.written.size());
  }

  @Test
  void halfOfItIsKeptForEventsToOne() {
    List<Target> toSeveral =
        List.of(
            new Target.Everyone(),
            new Target.Users(List.of("42")),
            new Target.Channels(List.of("private-user.42")));
    assertEquals(Backlog.MAX_BYTES / MIB / 2, emitUntilBusy(toSeveral.getFirst()));
    for (Target target : toSeveral) {
      assertEquals(new Emission.Busy("a", 1), emit(target));
    }
    assertInstanceOf(Emission.Accepted.class, emit(new Target.Socket("1.1")));
    assertEquals(Backlog.MAX_BYTES / MIB / 2 - 1, emitUntilBusy(user("42")));
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
    assertTrue(backlog() > MIB);
    assertThrows(IllegalStateException.class, this::deliverAll);
    assertEquals(0, backlog());
  }

  @Test
  void whoReadsFromRedisWaitsForRoom() {
    Backlog backlog = new Backlog(node.metrics, Duration.ofDays(1));
    backlog.awaitRoom();
    assertEquals(0, node.count("relay_backlog_awaited"));
    backlog.add(Backlog.MAX_BYTES);
    CompletableFuture<Void> reading = CompletableFuture.runAsync(backlog::awaitRoom);
    Awaitility.await().until(() -> node.count("relay_backlog_awaited") == 1);
    backlog.delivered(Backlog.MAX_BYTES / 2);
    assertFalse(reading.isDone());
    backlog.delivered(1);
    reading.join();
  }

  @Test
  void butNotForEver() {
    Backlog backlog = new Backlog(node.metrics, Duration.ofMillis(1));
    backlog.add(Backlog.MAX_BYTES);
    backlog.awaitRoom();
    assertEquals(1, node.count("relay_backlog_awaited"));
  }
}
