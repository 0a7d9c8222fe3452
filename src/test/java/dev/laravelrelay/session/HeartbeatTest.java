package dev.laravelrelay.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.testing.FakeConnection;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HeartbeatTest {

  private static final long INTERVAL = 1_000;
  private static final long TIMEOUT = 400;
  // System.nanoTime() may be anything, also just below the overflow.
  private static final long START = Long.MAX_VALUE - 1_500;

  private final FakeConnection connection = new FakeConnection();
  private final Heartbeat heartbeat = new Heartbeat(connection, INTERVAL, TIMEOUT, START);
  private final List<String> proved = new ArrayList<>();

  private Receipt receipt(String name) {
    return () -> proved.add(name);
  }

  @Test
  void pingsAfterEachIntervalAndNotBefore() {
    heartbeat.tick(START + INTERVAL - 1);
    assertEquals(List.of(), connection.written);
    heartbeat.tick(START + INTERVAL);
    heartbeat.tick(START + INTERVAL + 1);
    assertEquals(List.of("ping"), connection.written);
    heartbeat.answered(START + INTERVAL + 100);
    assertEquals(START + 2 * INTERVAL + 100, heartbeat.nextTick(START + INTERVAL + 100));
    heartbeat.tick(START + 2 * INTERVAL + 100);
    assertEquals(List.of("ping", "ping"), connection.written);
  }

  @Test
  void closesWhenAPingIsNotAnsweredInTime() {
    heartbeat.tick(START + INTERVAL);
    assertEquals(START + INTERVAL + TIMEOUT, heartbeat.nextTick(START + INTERVAL));
    heartbeat.tick(START + INTERVAL + TIMEOUT - 1);
    assertNull(connection.closedFor.get());
    heartbeat.tick(START + INTERVAL + TIMEOUT);
    assertEquals(CloseReason.PING_TIMEOUT, connection.closedFor.get());
  }

  @Test
  void isCalledEachIntervalHoweverLongAnAnswerMayTake() {
    Heartbeat patient = new Heartbeat(connection, INTERVAL, 10 * INTERVAL, START);
    patient.tick(START + INTERVAL);
    assertEquals(START + 2 * INTERVAL, patient.nextTick(START + INTERVAL));
    assertEquals(START + 11 * INTERVAL, patient.nextTick(START + 10 * INTERVAL));
  }

  @Test
  void isOverdueAfterIntervalAndTimeOutHoweverLateThePingWent() {
    heartbeat.tick(START + INTERVAL + 50);
    assertFalse(heartbeat.isOverdue(START + INTERVAL + TIMEOUT - 1));
    assertTrue(heartbeat.isOverdue(START + INTERVAL + TIMEOUT));
    heartbeat.answered(START + INTERVAL + 60);
    assertFalse(heartbeat.isOverdue(START + INTERVAL + TIMEOUT));
  }

  @Test
  void anAnswerThatWasNotAskedForProvesNothing() {
    heartbeat.answered(START + 10);
    assertEquals(START + INTERVAL, heartbeat.nextTick(START + 10));
  }

  @Test
  void aReceiptIsAskedForAtOnceAndGivenByTheAnswer() {
    heartbeat.cover(receipt("a"), START + 10);
    assertEquals(List.of("ping"), connection.written);
    assertEquals(List.of(), proved);
    heartbeat.answered(START + 20);
    assertEquals(List.of("a"), proved);
    heartbeat.answered(START + 30);
    assertEquals(List.of("a"), proved);
  }

  @Test
  void whatIsWrittenWhileAPingIsUnderWayIsCoveredByTheNext() {
    heartbeat.cover(receipt("a"), START);
    heartbeat.cover(receipt("b"), START);
    heartbeat.cover(receipt("c"), START);
    assertEquals(List.of("ping"), connection.written);
    heartbeat.answered(START + 10);
    assertEquals(List.of("a"), proved);
    assertEquals(List.of("ping", "ping"), connection.written);
    heartbeat.answered(START + 20);
    assertEquals(List.of("a", "b", "c"), proved);
    assertEquals(2, connection.written.size());
  }

  @Test
  void aRegularPingUnderWayDoesNotCoverWhatFollows() {
    heartbeat.tick(START + INTERVAL);
    heartbeat.cover(receipt("late"), START + INTERVAL + 1);
    heartbeat.answered(START + INTERVAL + 2);
    assertEquals(List.of(), proved);
    heartbeat.answered(START + INTERVAL + 3);
    assertEquals(List.of("late"), proved);
  }

  @Test
  void aReceiptThatAsksForAnotherIsNotLost() {
    heartbeat.cover(() -> heartbeat.cover(receipt("second"), START + 20), START);
    heartbeat.answered(START + 20);
    heartbeat.answered(START + 30);
    assertEquals(List.of("second"), proved);
  }

  @Test
  void whatIsDoubtedIsNeverProved() {
    heartbeat.cover(receipt("covered"), START);
    heartbeat.cover(receipt("uncovered"), START);
    heartbeat.doubt();
    heartbeat.answered(START + 10);
    heartbeat.answered(START + 20);
    assertEquals(List.of(), proved);
    assertEquals(List.of("ping"), connection.written);
  }

  @Test
  void aPingForAReceiptMayBeTakenBackAndLeavesTheNextRegularOneWhereItWas() {
    heartbeat.answered(START);
    heartbeat.cover(receipt("a"), START + 600);
    assertTrue(heartbeat.withdraw());
    assertEquals(START + INTERVAL, heartbeat.nextTick(START + 600));
    heartbeat.tick(START + INTERVAL);
    assertFalse(heartbeat.withdraw());
  }

  @Test
  void aReceiptWaitsForAsManyMoreAnswersAsMayBeStray() {
    heartbeat.expectStray(2);
    heartbeat.cover(receipt("a"), START);
    heartbeat.answered(START + 1);
    heartbeat.answered(START + 2);
    assertEquals(List.of(), proved);
    heartbeat.answered(START + 3);
    assertEquals(List.of("a"), proved);
    assertEquals(3, connection.written.size());
  }

  @Test
  void withTooManyStrayAnswersThereAreNoReceipts() {
    heartbeat.expectStray(Heartbeat.MAX_STRAY + 1);
    heartbeat.cover(receipt("a"), START);
    assertEquals(List.of(), connection.written);
    heartbeat.tick(START + INTERVAL);
    assertEquals(List.of("ping"), connection.written);
  }
}
