package dev.laravelrelay.socket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.RawHttp;
import dev.laravelrelay.testing.RawWebSocket;
import dev.laravelrelay.testing.SocketConfigs;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class HeartbeatOnTheWireTest {

  private static final long INTERVAL = 200;
  private static final long TIMEOUT = 1_000;
  private static final long PATIENCE = 20_000;
  private static final long CONNECT = 1_000;
  private static Echo echo;

  @BeforeAll
  static void start() {
    echo = new Echo(SocketConfigs.of(INTERVAL, TIMEOUT, CONNECT, 10_000, List.of("*")));
  }

  @AfterAll
  static void stop() {
    echo.close();
  }

  @BeforeEach
  void forget() {
    echo.left.clear();
  }

  private static long millisSince(long start) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
  }

  /** Whose clients have time to answer. */
  private static Echo patient() {
    return new Echo(SocketConfigs.of(INTERVAL, PATIENCE, CONNECT, 10_000, List.of("*")));
  }

  @Test
  void aWebSocketThatAnswersIsPingedEachInterval() {
    long start = System.nanoTime();
    try (Echo patient = patient();
        RawWebSocket socket = patient.webSocket()) {
      for (int i = 0; i < 2; i++) {
        assertEquals("2", socket.text());
        socket.text("3");
      }
      assertTrue(millisSince(start) >= 2 * INTERVAL, "took " + millisSince(start));
    }
  }

  @Test
  void aWebSocketThatDoesNotAnswerIsDroppedWithoutACloseFrame() throws InterruptedException {
    long start = System.nanoTime();
    try (RawWebSocket socket = echo.webSocket()) {
      assertEquals("2", socket.text());
      assertEquals(List.of(), socket.rest());
      assertTrue(millisSince(start) >= INTERVAL + TIMEOUT, "took " + millisSince(start));
      echo.assertLeft("ping timeout");
    }
  }

  @Test
  void aPollIsAnsweredWithThePing() {
    try (Echo patient = patient()) {
      String sid = patient.poller();
      for (int i = 0; i < 2; i++) {
        assertEquals("2", patient.poll(sid).body());
        assertEquals("ok", patient.post(sid, "3").body());
      }
    }
  }

  @Test
  void aPollerThatPollsAndDoesNotAnswerIsEnded() throws InterruptedException {
    String sid = echo.poller();
    assertEquals("2", echo.poll(sid).body());
    try (RawHttp poll = echo.pending(sid)) {
      // On a slow machine the poll may come after the end.
      RawHttp.Answer answer = poll.answer();
      assertTrue(answer.body().equals("1") || answer.status() == 400, answer.body());
    }
    echo.assertLeft("ping timeout");
    assertEquals(400, echo.poll(sid).status());
  }

  @Test
  void aPollerThatStaysAwayIsEnded() throws InterruptedException {
    String sid = echo.poller();
    echo.assertLeft("ping timeout");
    assertEquals(400, echo.poll(sid).status());
  }

  @Test
  void aClientThatJoinsNoNamespaceIsDropped() {
    long start = System.nanoTime();
    try (Echo patient = patient();
        RawWebSocket socket = patient.socketIo()) {
      socket.text("40/random");
      String answer = socket.text();
      while (answer.equals("2")) {
        answer = socket.text();
      }
      assertEquals("44/random,{\"message\":\"Invalid namespace\"}", answer);
      List<RawWebSocket.Frame> rest = socket.rest();
      assertTrue(rest.stream().allMatch(frame -> frame.text().equals("2")), rest.toString());
    }
    assertTrue(millisSince(start) >= CONNECT, "took " + millisSince(start));
  }

  @Test
  void aClientThatJoinedStays() {
    try (Echo patient = patient();
        RawWebSocket socket = patient.joined()) {
      long start = System.nanoTime();
      while (millisSince(start) < 2 * CONNECT) {
        if (socket.text().equals("2")) {
          socket.text("3");
        }
      }
    }
  }
}
