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
  private static final long TIMEOUT = 400;
  private static final long CONNECT = 300;
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

  @Test
  void aWebSocketThatAnswersIsPingedEachInterval() {
    try (RawWebSocket socket = echo.webSocket()) {
      long start = System.nanoTime();
      for (int i = 0; i < 4; i++) {
        assertEquals("2", socket.text());
        socket.text("3");
      }
      assertTrue(millisSince(start) >= 4 * INTERVAL - 50, "took " + millisSince(start));
    }
  }

  @Test
  void aWebSocketThatDoesNotAnswerIsDroppedWithoutACloseFrame() throws InterruptedException {
    try (RawWebSocket socket = echo.webSocket()) {
      long start = System.nanoTime();
      assertEquals("2", socket.text());
      assertEquals(List.of(), socket.rest());
      assertTrue(millisSince(start) >= INTERVAL + TIMEOUT - 50, "took " + millisSince(start));
      echo.assertLeft("ping timeout");
    }
  }

  @Test
  void aPollIsAnsweredWithThePing() {
    String sid = echo.poller();
    for (int i = 0; i < 3; i++) {
      assertEquals("2", echo.poll(sid).body());
      assertEquals("ok", echo.post(sid, "3").body());
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
    try (RawWebSocket socket = echo.socketIo()) {
      socket.text("40/random");
      assertEquals("44/random,{\"message\":\"Invalid namespace\"}", socket.text());
      List<RawWebSocket.Frame> rest = socket.rest();
      assertTrue(rest.stream().allMatch(frame -> frame.text().equals("2")), rest.toString());
    }
    assertTrue(millisSince(start) >= CONNECT, "took " + millisSince(start));
  }

  @Test
  void aClientThatJoinedStays() {
    try (RawWebSocket socket = echo.joined()) {
      long start = System.nanoTime();
      while (millisSince(start) < 2 * CONNECT) {
        assertEquals("2", socket.text());
        socket.text("3");
      }
    }
  }
}
