package dev.laravelrelay.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.laravelrelay.protocol.EngineIo.Binary;
import dev.laravelrelay.protocol.EngineIo.Decoded;
import dev.laravelrelay.protocol.EngineIo.Packet;
import dev.laravelrelay.protocol.EngineIo.PacketType;
import dev.laravelrelay.protocol.EngineIo.Refusal;
import dev.laravelrelay.protocol.EngineIo.Text;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EngineIoTest {

  @ParameterizedTest
  @CsvSource({
    "0, OPEN, ''",
    "1, CLOSE, ''",
    "2, PING, ''",
    "2probe, PING, probe",
    "3, PONG, ''",
    "3probe, PONG, probe",
    "4hello, MESSAGE, hello",
    "4, MESSAGE, ''",
    "5, UPGRADE, ''",
    "6, NOOP, ''"
  })
  void aTextPacketIsADigitAndData(String message, PacketType type, String data) {
    assertEquals(packets(new Text(type, data)), EngineIo.decodeText(message));
    assertEquals(message.charAt(0), type.digit());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "7", "abc", " 4hello", "\u0664x", "\ud800", "/", ":"})
  void whatBeginsWithNoTypeIsMalformed(String message) {
    assertInstanceOf(Decoded.Malformed.class, EngineIo.decodeText(message));
    assertInstanceOf(Decoded.Malformed.class, EngineIo.decodePayload(message));
  }

  @ParameterizedTest
  @ValueSource(strings = {"4a\u001e", "\u001e4a", "4a\u001e\u001e4b", "4a\u001eabc", "4a\u001ebA"})
  void oneBadPacketSpoilsThePayload(String body) {
    assertInstanceOf(Decoded.Malformed.class, EngineIo.decodePayload(body));
  }

  @Test
  void aPayloadIsPacketsJoinedByTheSeparator() {
    List<Packet> packets = decoded("4hello\u001ebAQIDBA==\u001e2");

    assertEquals(3, packets.size());
    assertEquals(new Text(PacketType.MESSAGE, "hello"), packets.get(0));
    assertArrayEquals(new byte[] {1, 2, 3, 4}, binary(packets.get(1)));
    assertEquals(new Text(PacketType.PING, ""), packets.get(2));
  }

  @Test
  void lineBreaksInBase64AreSkippedAsTheJavaClientSendsThem() {
    byte[] data = new byte[200];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) i;
    }
    String base64 = Base64.getMimeEncoder(76, new byte[] {'\n'}).encodeToString(data) + "\n";

    List<Packet> packets = decoded("4x\u001eb" + base64 + "\u001e4y");

    assertArrayEquals(data, binary(packets.get(1)));
    assertEquals(3, packets.size());
  }

  @Test
  void aClientThatCannotSendBinarySendsBase64OnAWebSocketToo() {
    assertArrayEquals(new byte[] {1, 2, 3, 4}, binary(one(EngineIo.decodeText("bAQIDBA=="))));
  }

  @Test
  void aSeparatorOnAWebSocketIsData() {
    assertEquals(
        packets(new Text(PacketType.MESSAGE, "a\u001e4b")), EngineIo.decodeText("4a\u001e4b"));
  }

  @Test
  void theOpenPacketHasFiveKeys() {
    assertEquals(
        "0{\"sid\":\"s\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,"
            + "\"pingTimeout\":20000,\"maxPayload\":1000000}",
        EngineIo.openPacket("s", true, 25_000, 20_000, 1_000_000));
    assertEquals(
        "0{\"sid\":\"s\",\"upgrades\":[],\"pingInterval\":300,"
            + "\"pingTimeout\":200,\"maxPayload\":10}",
        EngineIo.openPacket("s", false, 300, 200, 10));
  }

  @Test
  void aPollIsAnsweredWithAllFramesInOrder() {
    List<Frame> frames =
        List.of(
            Frame.text("4h\u00e9llo \u20ac"), Frame.binary(new byte[] {1, 2, 3, 4}), EngineIo.PING);

    assertEquals(
        "4h\u00e9llo \u20ac\u001ebAQIDBA==\u001e2",
        new String(EngineIo.encodePayload(frames), StandardCharsets.UTF_8));
    assertEquals("6", ascii(EngineIo.encodePayload(List.of(EngineIo.NOOP))));
  }

  @Test
  void longBinaryIsSentWithoutLineBreaks() {
    String payload = ascii(EngineIo.encodePayload(List.of(Frame.binary(new byte[300]))));

    assertEquals("b" + "A".repeat(400), payload);
  }

  @Test
  void theShortFramesAreWhatClientsKnow() {
    assertEquals("1", EngineIo.CLOSE.text());
    assertEquals("2", EngineIo.PING.text());
    assertEquals("3probe", EngineIo.PONG_PROBE.text());
    assertEquals("6", EngineIo.NOOP.text());
    assertInstanceOf(Decoded.Malformed.class, EngineIo.decodeText(EngineIo.INVALID.text()));
  }

  @ParameterizedTest
  @CsvSource({
    "TRANSPORT_UNKNOWN, 400, 0, Transport unknown",
    "SESSION_UNKNOWN, 400, 1, Session ID unknown",
    "BAD_HANDSHAKE_METHOD, 400, 2, Bad handshake method",
    "BAD_REQUEST, 400, 3, Bad request",
    "FORBIDDEN, 403, 4, Forbidden",
    "UNSUPPORTED_VERSION, 400, 5, Unsupported protocol version"
  })
  void aRefusalIsCodeAndMessage(Refusal refusal, int status, int code, String message) {
    assertEquals(status, refusal.status());
    assertEquals("{\"code\":" + code + ",\"message\":\"" + message + "\"}", ascii(refusal.body()));
  }

  private static Decoded packets(Packet... packets) {
    return new Decoded.Packets(List.of(packets));
  }

  private static List<Packet> decoded(String body) {
    return assertInstanceOf(Decoded.Packets.class, EngineIo.decodePayload(body)).packets();
  }

  private static Packet one(Decoded decoded) {
    List<Packet> packets = assertInstanceOf(Decoded.Packets.class, decoded).packets();
    assertEquals(1, packets.size());
    return packets.getFirst();
  }

  private static byte[] binary(Packet packet) {
    return assertInstanceOf(Binary.class, packet).data();
  }

  private static String ascii(byte[] bytes) {
    return new String(bytes, StandardCharsets.US_ASCII);
  }
}
