package dev.laravelrelay.socket;

import static dev.laravelrelay.testing.RawWebSocket.BINARY;
import static dev.laravelrelay.testing.RawWebSocket.CLOSE;
import static dev.laravelrelay.testing.RawWebSocket.CONTINUATION;
import static dev.laravelrelay.testing.RawWebSocket.END;
import static dev.laravelrelay.testing.RawWebSocket.PING;
import static dev.laravelrelay.testing.RawWebSocket.PONG;
import static dev.laravelrelay.testing.RawWebSocket.TEXT;
import static dev.laravelrelay.testing.SocketConfigs.MAX_MESSAGE;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.RawWebSocket;
import dev.laravelrelay.testing.RawWebSocket.Frame;
import dev.laravelrelay.testing.SocketConfigs;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class EngineWebSocketTest {

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

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void assertFailsWith(int code, RawWebSocket socket) throws InterruptedException {
    List<Frame> rest = socket.rest();
    assertEquals(1, rest.size());
    assertEquals(CLOSE, rest.getFirst().opcode());
    assertEquals(code, rest.getFirst().code());
    echo.assertLeft(code == 1009 ? "message too big" : "parse error");
  }

  @Test
  void theOpenPacketOffersNoUpgrade() {
    try (RawWebSocket socket = new RawWebSocket(echo.port(), Echo.uri("websocket", ""))) {
      assertEquals(101, socket.handshake().status());
      assertEquals("*", socket.handshake().headers().get("access-control-allow-origin"));
      assertEquals(
          "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", socket.handshake().headers().get("sec-websocket-accept"));
      assertTrue(socket.text().contains("\"upgrades\":[],\"pingInterval\":25000"));
    }
  }

  @Test
  void textAndBinaryAreEchoed() {
    try (RawWebSocket socket = echo.webSocket()) {
      socket.text("4é😀\u0000");
      assertEquals("4é😀\u0000", socket.text());
      socket.binary((byte) 1, (byte) 2);
      Frame frame = socket.next();
      assertEquals(BINARY, frame.opcode());
      assertArrayEquals(new byte[] {1, 2}, frame.payload());
      socket.text("4");
      assertEquals("4", socket.text());
    }
  }

  @Test
  void noExtensionIsAgreedTo() {
    try (RawWebSocket socket =
        new RawWebSocket(
            echo.port(),
            Echo.uri("websocket", ""),
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")) {
      assertFalse(socket.handshake().headers().containsKey("sec-websocket-extensions"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "EIO=3&transport=websocket, Unsupported protocol version",
    "transport=websocket, Unsupported protocol version",
    "EIO=4&transport=websocket&sid=abc, Session ID unknown",
    "EIO=4&transport=polling, Bad request"
  })
  void aRefusedUpgradeIsHttp(String query, String message) {
    try (RawWebSocket socket = new RawWebSocket(echo.port(), "/engine.io/?" + query)) {
      assertEquals(400, socket.handshake().status());
      assertTrue(socket.handshake().body().contains(message));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"abc", "", "7", "2", "2probe"})
  void whatIsNoPacketEndsTheConnection(String message) throws InterruptedException {
    try (RawWebSocket socket = echo.webSocket()) {
      socket.text(message);
      assertEquals(List.of(), socket.rest());
      echo.assertLeft("parse error");
    }
  }

  @Test
  void anExtraPongIsHarmless() {
    try (RawWebSocket socket = echo.webSocket()) {
      socket.text("3");
      socket.text("4x");
      assertEquals("4x", socket.text());
    }
  }

  @Test
  void aClosePacketEndsTheConnectionAtOnce() throws InterruptedException {
    try (RawWebSocket socket = echo.webSocket()) {
      socket.text("1");
      assertEquals(END, socket.next().opcode());
      echo.assertLeft("client closed");
    }
  }

  @Test
  void aCloseFrameIsAnsweredWithItsCode() throws InterruptedException {
    try (RawWebSocket socket = echo.webSocket()) {
      socket.frame(CLOSE, (byte) 0x03, (byte) 0xE8);
      Frame answer = socket.next();
      assertEquals(CLOSE, answer.opcode());
      assertEquals(1000, answer.code());
      assertEquals(END, socket.next().opcode());
      echo.assertLeft("transport close");
    }
  }

  @Test
  void anEmptyCloseFrameIsAnsweredWithAnEmptyOne() {
    try (RawWebSocket socket = echo.webSocket()) {
      socket.frame(CLOSE);
      assertEquals(0, socket.next().payload().length);
    }
  }

  @Test
  void aLostConnectionEndsTheSession() throws InterruptedException {
    echo.webSocket().close();
    echo.assertLeft("transport close");
    await().until(() -> echo.connections() == 0);
    try (RawWebSocket socket = echo.webSocket()) {
      assertEquals(1, echo.connections());
      socket.reset();
      await().until(() -> echo.connections() == 0);
    }
  }

  @Test
  void aPingIsAnsweredWithItsPayload() {
    try (RawWebSocket socket = echo.webSocket()) {
      socket.frame(PING, utf8("are you there?"));
      Frame pong = socket.next();
      assertEquals(PONG, pong.opcode());
      assertEquals("are you there?", pong.text());
      socket.frame(PONG, utf8("unasked"));
      socket.text("4x");
      assertEquals("4x", socket.text());
    }
  }

  @Test
  void fragmentsArePutTogetherWithPingsBetween() {
    try (RawWebSocket socket = echo.webSocket()) {
      byte[] whole = utf8("4é😀!");
      socket.fragment(TEXT, whole[0], whole[1]);
      socket.frame(PING);
      socket.fragment(CONTINUATION, whole[2], whole[3], whole[4]);
      socket.frame(CONTINUATION, whole[5], whole[6], whole[7]);
      assertEquals(PONG, socket.next().opcode());
      assertEquals("4é😀!", socket.text());
      socket.fragment(BINARY, (byte) 1);
      socket.frame(CONTINUATION);
      assertArrayEquals(new byte[] {1}, socket.next().payload());
    }
  }

  @Test
  void aMessageOfExactlyTheLimitPassesAndOneByteMoreIs1009() throws InterruptedException {
    try (RawWebSocket socket = echo.webSocket()) {
      String most = "4" + "x".repeat(MAX_MESSAGE - 1);
      socket.text(most);
      assertEquals(most, socket.text());
      socket.text(most + "x");
      assertFailsWith(1009, socket);
    }
  }

  @Test
  void aMessageFarOverTheLimitIsStillTold() throws InterruptedException {
    try (RawWebSocket socket = echo.webSocket()) {
      socket.text("4".repeat(3_000_000));
      assertFailsWith(1009, socket);
    }
  }

  @Test
  void fragmentsOverTheLimitTogetherAre1009() throws InterruptedException {
    try (RawWebSocket socket = echo.webSocket()) {
      socket.fragment(BINARY, new byte[MAX_MESSAGE - 1]);
      socket.frame(CONTINUATION, new byte[2]);
      assertFailsWith(1009, socket);
    }
  }

  @Test
  void invalidUtf8Is1007() throws InterruptedException {
    try (RawWebSocket socket = echo.webSocket()) {
      socket.frame(TEXT, (byte) '4', (byte) 0xC3, (byte) 0x28);
      assertFailsWith(1007, socket);
    }
  }

  @Test
  void aCharacterCutOffByTheLastFragmentIs1007() throws InterruptedException {
    try (RawWebSocket socket = echo.webSocket()) {
      socket.fragment(TEXT, (byte) '4');
      socket.frame(CONTINUATION, (byte) 0xC3);
      assertFailsWith(1007, socket);
    }
  }

  @Test
  void anUnmaskedFrameIs1002() throws InterruptedException {
    try (RawWebSocket socket = echo.webSocket()) {
      socket.write(RawWebSocket.frame(true, TEXT, false, utf8("4x")));
      assertFailsWith(1002, socket);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 7, 11, 15})
  void aReservedOpcodeIs1002(int opcode) throws InterruptedException {
    try (RawWebSocket socket = echo.webSocket()) {
      socket.frame(opcode, (byte) 1);
      assertFailsWith(1002, socket);
    }
  }

  @Test
  void aReservedBitIs1002() throws InterruptedException {
    try (RawWebSocket socket = echo.webSocket()) {
      byte[] frame = RawWebSocket.frame(true, TEXT, true, utf8("4x"));
      frame[0] |= 0x40;
      socket.write(frame);
      assertFailsWith(1002, socket);
    }
  }

  @Test
  void aContinuationOfNothingIs1002() throws InterruptedException {
    try (RawWebSocket socket = echo.webSocket()) {
      socket.frame(CONTINUATION, utf8("4x"));
      assertFailsWith(1002, socket);
    }
  }

  @Test
  void aNewMessageInsideAFragmentedOneIs1002() throws InterruptedException {
    try (RawWebSocket socket = echo.webSocket()) {
      socket.fragment(TEXT, utf8("4"));
      socket.text("4x");
      assertFailsWith(1002, socket);
    }
  }

  @Test
  void aPingThatIsTooLongOrInPiecesIs1002() throws InterruptedException {
    try (RawWebSocket socket = echo.webSocket()) {
      socket.frame(PING, new byte[126]);
      assertFailsWith(1002, socket);
    }
    try (RawWebSocket socket = echo.webSocket()) {
      socket.fragment(PING);
      assertFailsWith(1002, socket);
    }
  }
}
