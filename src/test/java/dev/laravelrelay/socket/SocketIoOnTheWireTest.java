package dev.laravelrelay.socket;

import static dev.laravelrelay.testing.RawWebSocket.END;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import dev.laravelrelay.auth.Authenticator;
import dev.laravelrelay.testing.LiveRelay;
import dev.laravelrelay.testing.LogCapture;
import dev.laravelrelay.testing.RawHttp;
import dev.laravelrelay.testing.RawWebSocket;
import dev.laravelrelay.testing.SocketConfigs;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class SocketIoOnTheWireTest {

  private static Echo echo;

  @BeforeAll
  static void start() {
    echo = new Echo(SocketConfigs.calm());
  }

  @AfterAll
  static void stop() {
    echo.close();
  }

  @BeforeEach
  void forget() {
    echo.left.clear();
  }

  private static void post(String uri, String body) {
    assertEquals("ok", RawHttp.once(echo.port(), "POST", uri, body).body());
  }

  private static void assertEchoes(RawWebSocket socket) {
    socket.text("42[\"there\"]");
    assertEquals("42[\"back\"]", socket.text());
  }

  @Test
  void theConnectAnswerComesBeforeAnyEvent() {
    try (RawWebSocket socket = echo.socketIo()) {
      socket.text("40{\"token\":\"abc\"}");
      assertTrue(socket.text().matches("40\\{\"sid\":\"\\d+\\.\\d+\"}"));
      assertEquals("42[\"auth\",{\"token\":\"abc\"}]", socket.text());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"40/custom,", "40/custom", "40/custom,{}"})
  void aNamespaceIsJoinedByItsName(String connect) {
    try (RawWebSocket socket = echo.socketIo()) {
      socket.text(connect);
      assertTrue(socket.text().matches("40/custom,\\{\"sid\":\"\\d+\\.\\d+\"}"));
      assertEquals("42/custom,[\"auth\",{}]", socket.text());
      socket.text("42/custom,[\"x\",1]");
      assertEquals("42/custom,[\"back\",1]", socket.text());
    }
  }

  @Test
  void severalNamespacesShareAConnection() {
    try (RawWebSocket socket = echo.joined()) {
      socket.text("40/custom,");
      socket.text();
      socket.text();
      socket.text("42/custom,7[\"x\",1]");
      assertEquals("43/custom,7[1]", socket.text());
      socket.text("41/custom,");
      assertEchoes(socket);
    }
  }

  @Test
  void aRefusedNamespaceLeavesTheConnectionOpen() {
    try (RawWebSocket socket = echo.socketIo()) {
      socket.text("40/random,{\"a\":1}");
      assertEquals("44/random,{\"message\":\"Invalid namespace\"}", socket.text());
      socket.text("40{\"token\":\"bad\"}");
      assertEquals(
          "44{\"message\":\"unauthorized\",\"data\":{\"code\":401,\"reason\":\"expired\"}}",
          socket.text());
      socket.text("40");
      socket.text();
      socket.text();
      assertEchoes(socket);
    }
  }

  @Test
  void whoLeavesMayJoinAgainWithANewId() throws InterruptedException {
    try (RawWebSocket socket = echo.socketIo()) {
      socket.text("40");
      String first = socket.text();
      socket.text();
      socket.text("41");
      socket.text("40");
      assertNotEquals(first, socket.text());
      echo.assertLeft("client namespace disconnect");
    }
  }

  @Test
  void aClientWhoseSessionCannotBeOpenedIsToComeAgain() {
    try (LogCapture logs = new LogCapture("dev.laravelrelay.socket")) {
      try (RawWebSocket socket = echo.socketIo()) {
        socket.text("40{\"token\":\"broken\"}");
        assertTrue(socket.text().startsWith("40{"));
        assertEquals(END, socket.next().opcode());
      }
      try (RawWebSocket socket = new RawWebSocket(echo.port(), "/ws")) {
        RawWebSocket.Frame frame = socket.next();
        assertEquals(1013, frame.code(), frame::text);
        assertEquals(END, socket.next().opcode());
      }
      String failed = "opening a session failed";
      assertEquals(List.of(failed, failed), logs.messages(Level.ERROR));
    }
  }

  @Test
  void elevenAttemptsThatComeToNothingEndTheConnection() {
    double before = echo.refused("too many attempts");
    try (RawWebSocket socket = echo.socketIo()) {
      for (int round = 0; round < 2; round++) {
        for (int i = 0; i < SocketIoConnection.MAX_VAIN_CONNECTS - 1; i++) {
          socket.text(i % 2 == 0 ? "40{\"token\":\"bad\"}" : "40/random,");
          assertTrue(socket.text().startsWith("44"));
        }
        socket.text("40");
        assertTrue(socket.text().startsWith("40{"));
        socket.text();
        socket.text("41");
      }
      for (int i = 0; i < SocketIoConnection.MAX_VAIN_CONNECTS; i++) {
        socket.text("40/random,");
        assertTrue(socket.text().startsWith("44"));
      }
      assertEquals(before, echo.refused("too many attempts"));
      socket.text("40");
      assertEquals(END, socket.next().opcode());
      assertEquals(before + 1, echo.refused("too many attempts"));
    }
  }

  @Test
  void whoLeavesBeforeItIsKnownWhoHeIsCannotAskWithoutEnd() {
    AtomicInteger asked = new AtomicInteger();
    Authenticator slow =
        token -> {
          asked.incrementAndGet();
          return new CompletableFuture<>();
        };
    try (LiveRelay relay = new LiveRelay(SocketConfigs.calm(), slow);
        RawWebSocket socket =
            new RawWebSocket(relay.port(), "/socket.io/?EIO=4&transport=websocket")) {
      socket.text();
      ByteArrayOutputStream frames = new ByteArrayOutputStream();
      for (int i = 0; i < 100; i++) {
        frames.writeBytes(frame("40{\"token\":\"" + i + "\"}"));
        frames.writeBytes(frame("41"));
      }
      socket.write(frames.toByteArray());
      assertEquals(List.of(), socket.rest());
      assertEquals(SocketIoConnection.MAX_VAIN_CONNECTS, asked.get());
    }
  }

  private static byte[] frame(String text) {
    return RawWebSocket.frame(true, RawWebSocket.TEXT, true, text.getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "4",
        "49",
        "4abc",
        "40{}",
        "40",
        "40\"x\"",
        "42",
        "42x",
        "42{}",
        "42[]",
        "42[true]",
        "42[null,1]",
        "42[\"x\"",
        "42[\"x\"]x",
        "42[\"connect\"]",
        "42[\"connect_error\"]",
        "42[\"disconnect\"]",
        "42[\"disconnecting\"]",
        "42[\"newListener\"]",
        "42[\"removeListener\"]",
        "42/custom,[\"x\"]",
        "43/custom,1[]",
        "431{}",
        "4312x[]",
        "41{}",
        "44{\"message\":\"x\"}",
        "45[\"x\"]",
        "450-[\"x\"]",
        "4511-[\"x\"]",
        "45x-[\"x\"]",
        "451-[\"x\",{\"_placeholder\":true,\"num\":1}]",
        "451-[\"x\",{\"_placeholder\":true,\"num\":-1}]",
        "451-[\"x\",{\"_placeholder\":true}]",
      })
  void whatBreaksTheProtocolEndsTheConnection(String message) throws InterruptedException {
    // What socket.io-parser lets pass without a payload is ignored; everything else ends it.
    boolean ignored = message.equals("42");
    try (RawWebSocket socket = echo.joined()) {
      socket.text(message);
      if (ignored) {
        assertEchoes(socket);
      } else {
        assertEquals(List.of(), socket.rest());
        echo.assertLeft("parse error");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"42[\"x\"]", "430[]"})
  void whoHasNotJoinedMayNotSpeak(String message) {
    try (RawWebSocket socket = echo.socketIo()) {
      socket.text(message);
      assertEquals(END, socket.next().opcode());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"42[7,1]", "4399[]", "439007199254740991[1]"})
  void whatNobodyListensToIsIgnored(String message) {
    try (RawWebSocket socket = echo.joined()) {
      socket.text(message);
      assertEchoes(socket);
    }
  }

  @Test
  void anAckHoldsWhatTheEventHeld() {
    try (RawWebSocket socket = echo.joined()) {
      socket.text("42456[\"x\",1,\"\\u001e\",{\"3\":[true,null]}]");
      assertEquals("43456[1,\"\\u001e\",{\"3\":[true,null]}]", socket.text());
      socket.text("420[\"x\"]");
      assertEquals("430[]", socket.text());
    }
  }

  @Test
  void theServerMayAskToo() {
    try (RawWebSocket socket = echo.joined()) {
      socket.text("42[\"ask\",1]");
      assertEquals("420[\"question\",1]", socket.text());
      socket.text("42[\"ask\"]");
      assertEquals("421[\"question\"]", socket.text());
      socket.text("431[\"second\"]");
      socket.text("430[\"first\"]");
      assertEquals("42[\"answer\",\"second\"]", socket.text());
      assertEquals("42[\"answer\",\"first\"]", socket.text());
      socket.text("430[\"again\"]");
      assertEchoes(socket);
    }
  }

  @Test
  void binaryTravelsBothWaysWithPongsBetweenItsAttachments() {
    try (RawWebSocket socket = echo.joined()) {
      String args =
          "{\"a\":[{\"num\":1,\"_placeholder\":true}]},{\"_placeholder\":true,\"num\":0},3";
      socket.text("452-[\"x\"," + args + "]");
      socket.binary((byte) 1);
      socket.text("3");
      socket.frame(RawWebSocket.PING);
      assertEquals(RawWebSocket.PONG, socket.next().opcode());
      socket.binary((byte) 2);
      assertEquals("452-[\"back\"," + args + "]", socket.text());
      assertEquals(1, socket.next().payload()[0]);
      assertEquals(2, socket.next().payload()[0]);
      socket.text("451-/custom,[\"x\"]");
      socket.binary((byte) 1);
      assertEquals(END, socket.next().opcode());
    }
  }

  @Test
  void acksMayBeBinary() {
    try (RawWebSocket socket = echo.joined()) {
      String place = "{\"_placeholder\":true,\"num\":0}";
      socket.text("451-789[\"x\"," + place + "]");
      socket.binary((byte) 5);
      assertEquals("461-789[" + place + "]", socket.text());
      assertEquals(5, socket.next().payload()[0]);
      socket.text("42[\"ask\"]");
      socket.text();
      socket.text("461-0[" + place + "]");
      socket.binary((byte) 6);
      assertEquals("451-[\"answer\"," + place + "]", socket.text());
      assertEquals(6, socket.next().payload()[0]);
    }
  }

  @Test
  void textWhereAnAttachmentIsDueEndsTheConnection() throws InterruptedException {
    try (RawWebSocket socket = echo.joined()) {
      socket.text("451-[\"x\",{\"_placeholder\":true,\"num\":0}]");
      socket.text("42[\"y\"]");
      assertEquals(END, socket.next().opcode());
      echo.assertLeft("parse error");
    }
  }

  @Test
  void binaryThatIsNotDueEndsTheConnection() throws InterruptedException {
    try (RawWebSocket socket = echo.joined()) {
      socket.binary((byte) 1);
      assertEquals(END, socket.next().opcode());
      echo.assertLeft("parse error");
    }
  }

  @Test
  void binaryTravelsOnPollingToo() {
    String sid = Echo.sid(echo.get("/socket.io/?EIO=4&transport=polling").body());
    String uri = "/socket.io/?EIO=4&transport=polling&sid=" + sid;
    post(uri, "40");
    echo.get(uri);
    post(uri, "451-[\"x\",{\"_placeholder\":true,\"num\":0}]\u001ebAQID\n\u001e42[\"y\"]");
    assertEquals(
        "451-[\"back\",{\"_placeholder\":true,\"num\":0}]\u001ebAQID\u001e42[\"back\"]",
        echo.get(uri).body());
  }

  @Test
  void aKickedClientIsToldAndMayStayConnected() throws InterruptedException {
    try (RawWebSocket socket = echo.joined()) {
      socket.text("42[\"kick\"]");
      assertEquals("41", socket.text());
      echo.assertLeft("server namespace disconnect");
      socket.text("40");
      assertTrue(socket.text().startsWith("40{"));
    }
  }

  @Test
  void aKickedClientIsToldBeforeItsConnectionEnds() {
    try (RawWebSocket socket = echo.joined()) {
      socket.text("42[\"kick\",true]");
      assertEquals("41", socket.text());
      assertEquals(END, socket.next().opcode());
    }
  }

  @Test
  void aKickedPollerIsToldByItsNextPoll() {
    String sid = Echo.sid(echo.get("/socket.io/?EIO=4&transport=polling").body());
    String uri = "/socket.io/?EIO=4&transport=polling&sid=" + sid;
    post(uri, "40");
    echo.get(uri);
    post(uri, "42[\"kick\",true]");
    assertEquals("41\u001e1", echo.get(uri).body());
    assertEquals(400, echo.get(uri).status());
  }
}
