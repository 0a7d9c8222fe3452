package dev.laravelrelay.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.event.RawJson;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What goes out: every line of the protocol's examples, with Engine.IO's 4 before it. */
class SocketIoTest {

  private static final RawJson PLACEHOLDER = RawJson.of("{\"_placeholder\":true,\"num\":0}");

  @Test
  void anEventIsItsNameAndData() {
    assertEquals(
        "42[\"call:rejected\",{\"callId\":\"c-667\"}]",
        SocketIo.event("/", "call:rejected", RawJson.of("{\"callId\":\"c-667\"}")).text());
    assertEquals("42/custom,[\"ev\",1]", SocketIo.event("/custom", "ev", RawJson.of("1")).text());
  }

  @Test
  void dataGoesOutAsItCame() {
    String data = "{\"b\":1.50,\"a\":1e400, \"s\":\"\\u001e\\/\u20ac\\ud83d\\ude00\",\"b\":null}";
    RawJson slice =
        RawJson.slice(("xx" + data + "yy").getBytes(UTF_8), 2, data.getBytes(UTF_8).length);

    assertEquals("42[\"e\"," + data + "]", SocketIo.event("/", "e", slice).text());
  }

  @Test
  void namesAreEscaped() {
    assertEquals(
        "42[\"a\\\"b\\\\c\\u001E\\n\\u0000\u20ac\ud83d\ude00\",{}]",
        SocketIo.event("/", "a\"b\\c\u001e\n\u0000\u20ac\ud83d\ude00", RawJson.EMPTY_OBJECT)
            .text());
  }

  @Test
  void halfASurrogatePairInANameDoesNotBreakTheFrame() {
    assertEquals("42[\"a?\",{}]", SocketIo.event("/", "a\ud800", RawJson.EMPTY_OBJECT).text());
  }

  @Test
  void anOffsetIsTheLastArgument() {
    assertEquals(
        "42[\"e\",{},\"17-0\"]",
        SocketIo.eventWithOffset("/", "e", RawJson.EMPTY_OBJECT, "17-0").text());
  }

  @Test
  void anEventMayAskForAnAck() {
    assertText(
        "42456[\"ask\",1]", SocketIo.event("/", 456, "ask", List.of(RawJson.of("1")), List.of()));
    assertText("42/custom,0[\"ask\"]", SocketIo.event("/custom", 0, "ask", List.of(), List.of()));
    assertText("42[\"ask\"]", SocketIo.event("/", SocketIo.NO_ACK, "ask", List.of(), List.of()));
  }

  @Test
  void attachmentsFollowTheirHeader() {
    byte[] first = {1};
    byte[] second = {2};
    RawJson other = RawJson.of("[{\"num\":1,\"_placeholder\":true}]");

    List<Frame> frames =
        SocketIo.event("/", 7, "m", List.of(PLACEHOLDER, other), List.of(first, second));

    assertEquals(3, frames.size());
    assertEquals("452-7[\"m\"," + PLACEHOLDER + "," + other + "]", frames.get(0).text());
    assertEquals(ByteBuffer.wrap(first), frames.get(1).payload());
    assertEquals(ByteBuffer.wrap(second), frames.get(2).payload());
    assertTrue(frames.get(1).isBinary() && frames.get(2).isBinary());
  }

  @Test
  void anAckAlwaysHasAnArray() {
    assertText("43456[]", SocketIo.ack("/", 456, List.of(), List.of()));
    assertText(
        "43456[1,\"x\"]",
        SocketIo.ack("/", 456, List.of(RawJson.of("1"), RawJson.of("\"x\"")), List.of()));
    assertText("43/custom,1[]", SocketIo.ack("/custom", 1, List.of(), List.of()));
  }

  @Test
  void anAckMayBeBinary() {
    List<Frame> frames = SocketIo.ack("/a", 789, List.of(PLACEHOLDER), List.of(new byte[] {5}));

    assertEquals("461-/a,789[" + PLACEHOLDER + "]", frames.get(0).text());
    assertArrayEquals(Frame.binary(new byte[] {5}).wire(), frames.get(1).wire());
  }

  @Test
  void aConnectIsAnsweredWithTheSid() {
    assertEquals("40{\"sid\":\"1.2\"}", SocketIo.connected("/", "1.2", null).text());
    assertEquals(
        "40/custom,{\"sid\":\"1.2\",\"pid\":\"p\"}",
        SocketIo.connected("/custom", "1.2", "p").text());
  }

  @Test
  void aRefusalIsAlwaysAnObject() {
    assertEquals(
        "44/random,{\"message\":\"Invalid namespace\"}",
        SocketIo.connectError("/random", "Invalid namespace", null).text());
    assertEquals(
        "44{\"message\":\"unauthorized \\\"x\\\"\",\"data\":{\"code\":401}}",
        SocketIo.connectError("/", "unauthorized \"x\"", RawJson.of("{\"code\":401}")).text());
  }

  @Test
  void aDisconnectHasNoPayload() {
    assertEquals("41", SocketIo.disconnect("/").text());
    assertEquals("41/custom,", SocketIo.disconnect("/custom").text());
  }

  private static void assertText(String expected, List<Frame> frames) {
    assertEquals(1, frames.size());
    assertEquals(expected, frames.getFirst().text());
  }
}
