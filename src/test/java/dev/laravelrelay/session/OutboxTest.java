package dev.laravelrelay.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.protocol.Frame;
import dev.laravelrelay.testing.FakeConnection;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OutboxTest {

  private static final int LIMIT = 100;

  private final FakeConnection connection = new FakeConnection(Runnable::run, LIMIT);
  private final Outbox outbox = connection.outbox();

  private static Frame frame(int size) {
    return Frame.text("x".repeat(size - 2));
  }

  @Test
  void writesAtOnceWhereTheTransportTakesIt() {
    assertTrue(outbox.offer(frame(10)));
    assertEquals(1, connection.written.size());
    assertTrue(outbox.isEmpty());
    assertEquals(0, outbox.queuedBytes());
  }

  @Test
  void queuesInOrderUntilItIsDrained() {
    connection.writable = false;
    outbox.offer(Frame.text("a"));
    outbox.offer(Frame.text("b"));
    connection.writable = true;
    outbox.offer(Frame.text("c"));
    assertEquals(9, outbox.queuedBytes());
    List<String> drained = new ArrayList<>();
    outbox.drainTo(frame -> drained.add(frame.text()));
    assertEquals(List.of("a", "b", "c"), drained);
    assertEquals(List.of(), connection.written);
    assertTrue(outbox.isEmpty());
    assertEquals(0, outbox.queuedBytes());
  }

  @Test
  void takesExactlyItsLimitAndClosesBeyond() {
    connection.writable = false;
    assertTrue(outbox.offer(frame(60)));
    assertTrue(outbox.offer(frame(40)));
    assertNull(connection.closedFor.get());
    assertFalse(outbox.offer(frame(3)));
    assertEquals(CloseReason.SLOW_CLIENT, connection.closedFor.get());
    assertTrue(outbox.isEmpty());
  }

  @Test
  void countsWhatTheTransportHoldsUnwritten() {
    connection.unwritten = 95;
    assertFalse(outbox.offer(frame(6)));
    assertEquals(CloseReason.SLOW_CLIENT, connection.closedFor.get());
    assertEquals(List.of(), connection.written);
  }

  @Test
  void takesAnyFrameWhileNothingWaits() {
    assertTrue(outbox.offer(frame(10 * LIMIT)));
    assertNull(connection.closedFor.get());
  }
}
