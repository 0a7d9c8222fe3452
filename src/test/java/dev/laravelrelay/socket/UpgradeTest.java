package dev.laravelrelay.socket;

import static dev.laravelrelay.testing.RawWebSocket.END;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.config.SocketConfig;
import dev.laravelrelay.testing.RawHttp;
import dev.laravelrelay.testing.RawWebSocket;
import dev.laravelrelay.testing.SocketConfigs;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class UpgradeTest {

  private static final long UPGRADE_MILLIS = 1_000;
  private static Echo echo;

  @BeforeAll
  static void start() {
    echo = new Echo(SocketConfigs.calm());
  }

  @AfterAll
  static void stop() {
    echo.close();
  }

  private static RawWebSocket offer(String sid) {
    return offer(echo, sid);
  }

  private static RawWebSocket offer(Echo echo, String sid) {
    RawWebSocket socket = new RawWebSocket(echo.port(), Echo.uri("websocket", sid));
    assertEquals(101, socket.handshake().status());
    return socket;
  }

  private static RawWebSocket probe(String sid) {
    return probe(echo, sid);
  }

  private static RawWebSocket probe(Echo echo, String sid) {
    RawWebSocket socket = offer(echo, sid);
    socket.text("2probe");
    assertEquals("3probe", socket.text());
    return socket;
  }

  private static void assertPollingGoesOn(String sid) {
    assertPollingGoesOn(echo, sid);
  }

  private static void assertPollingGoesOn(Echo echo, String sid) {
    assertEquals("ok", echo.post(sid, "4still").body());
    assertEquals("4still", echo.poll(sid).body());
  }

  @Test
  void aWaitingPollIsReleasedByTheProbe() {
    String sid = echo.poller();
    try (RawHttp poll = echo.pending(sid)) {
      echo.post(sid, "4first");
      poll.answer();
      poll.send("GET", Echo.uri("polling", sid), "");
      try (RawWebSocket socket = probe(sid)) {
        assertEquals("6", poll.answer().body());
        socket.text("5");
        socket.text("4hello");
        assertEquals("4hello", socket.text());
      }
    }
  }

  @Test
  void aPollThatComesDuringTheProbeIsReleasedToo() {
    String sid = echo.poller();
    try (RawWebSocket socket = probe(sid)) {
      assertEquals("6", echo.poll(sid).body());
      assertEquals("6", echo.poll(sid).body());
      socket.text("5");
      socket.text("4x");
      assertEquals("4x", socket.text());
    }
  }

  @Test
  void whatIsSentDuringTheUpgradeArrivesOnceAndInOrder() {
    String sid = echo.poller();
    echo.post(sid, "4a");
    try (RawWebSocket socket = probe(sid)) {
      echo.post(sid, "4b\u001eb/w==");
      assertEquals("4a\u001e4b\u001eb/w==", echo.poll(sid).body());
      echo.post(sid, "4c\u001eb/g==\u001e4d");
      socket.text("5");
      socket.text("4e");
      assertEquals("4c", socket.text());
      assertEquals((byte) 0xFE, socket.next().payload()[0]);
      assertEquals("4d", socket.text());
      assertEquals("4e", socket.text());
    }
  }

  @Test
  void afterTheUpgradePollingIsABadRequestAndTheSessionLivesOn() {
    String sid = echo.poller();
    try (RawWebSocket socket = probe(sid)) {
      socket.text("5");
      socket.text("4x");
      assertEquals("4x", socket.text());
      assertEquals("{\"code\":3,\"message\":\"Bad request\"}", echo.poll(sid).body());
      assertEquals("{\"code\":3,\"message\":\"Bad request\"}", echo.post(sid, "4y").body());
      try (RawWebSocket second = offer(sid)) {
        assertEquals(END, second.next().opcode());
      }
      socket.text("4z");
      assertEquals("4z", socket.text());
    }
  }

  @Test
  void aPollThatTheUpgradeOvertakesIsABadRequest() {
    String sid = echo.poller();
    try (RawWebSocket socket = probe(sid);
        RawHttp poll = new RawHttp(echo.port())) {
      socket.text("5");
      RawHttp.Answer answer = poll.request("GET", Echo.uri("polling", sid), "");
      // What was overtaken is released, what comes after the upgrade is a bad request.
      assertTrue(answer.status() == 400 || answer.body().equals("6"), answer::body);
    }
  }

  @Test
  void aSecondWebSocketDuringTheUpgradeIsClosed() {
    String sid = echo.poller();
    try (RawWebSocket socket = probe(sid);
        RawWebSocket second = offer(sid)) {
      assertEquals(END, second.next().opcode());
      socket.text("5");
      socket.text("4x");
      assertEquals("4x", socket.text());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"2", "2prob", "5", "4x", "", "abc"})
  void whatIsNoProbeIsDroppedAndPollingGoesOn(String message) {
    String sid = echo.poller();
    try (RawWebSocket socket = offer(sid)) {
      socket.text(message);
      assertEquals(END, socket.next().opcode());
    }
    assertPollingGoesOn(sid);
  }

  @Test
  void aBinaryProbeIsDropped() {
    String sid = echo.poller();
    try (RawWebSocket socket = offer(sid)) {
      socket.binary((byte) 1);
      assertEquals(END, socket.next().opcode());
    }
    assertPollingGoesOn(sid);
  }

  @Test
  void aProbeThatVanishesIsForgottenAndAnotherMaySucceed() {
    String sid = echo.poller();
    probe(sid).reset();
    assertPollingGoesOn(sid);
    // The loss may be noticed after the next offer, which is then refused.
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    boolean upgraded = false;
    while (!upgraded && System.nanoTime() < until) {
      try (RawWebSocket socket = offer(sid)) {
        socket.text("2probe");
        if (socket.next().text().equals("3probe")) {
          socket.text("5");
          socket.text("4x");
          upgraded = socket.text().equals("4x");
        }
      }
    }
    assertTrue(upgraded);
  }

  @Test
  void aProbeWithoutAnUpgradeIsDroppedInTime() {
    SocketConfig config = SocketConfigs.of(25_000, 20_000, 45_000, UPGRADE_MILLIS, List.of("*"));
    try (Echo hasty = new Echo(config)) {
      String sid = hasty.poller();
      long start = System.nanoTime();
      try (RawWebSocket silent = offer(hasty, sid)) {
        assertEquals(END, silent.next().opcode());
      }
      try (RawWebSocket socket = probe(hasty, sid)) {
        assertEquals(END, socket.next().opcode());
      }
      long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
      assertTrue(millis >= 2 * UPGRADE_MILLIS, "dropped after " + millis + " ms");
      assertPollingGoesOn(hasty, sid);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"token expired", "try again later", "server shutting down"})
  void whoIsToLeaveDuringTheUpgradeLeavesAfterIt(String reason) throws InterruptedException {
    String sid = echo.poller();
    try (RawWebSocket socket = probe(sid)) {
      assertEquals("ok", echo.post(sid, "4" + Echo.LEAVE + reason).body());
      socket.frame(RawWebSocket.PING);
      assertEquals(RawWebSocket.PONG, socket.next().opcode());
      socket.text("5");
      echo.assertLeft(reason);
    }
  }

  @Test
  void theEndOfTheSessionEndsTheProbe() {
    String sid = echo.poller();
    try (RawWebSocket socket = probe(sid)) {
      echo.post(sid, "2");
      assertEquals(END, socket.next().opcode());
    }
  }
}
