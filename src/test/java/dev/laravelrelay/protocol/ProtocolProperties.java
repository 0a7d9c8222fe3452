package dev.laravelrelay.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.event.EventName;
import dev.laravelrelay.event.RawJson;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.arbitraries.StringArbitrary;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

/** What is encoded is decoded to the same; what is not a packet is said to be none. */
class ProtocolProperties {

  private static final int MAX_BYTES = 10_000_000;

  @Property
  void anEventComesBackAsItWas(
      @ForAll("namespaces") String namespace,
      @ForAll @LongRange(min = -1, max = Integer.MAX_VALUE) long ackId,
      @ForAll("names") String name,
      @ForAll @Size(max = 5) List<@From("json") RawJson> args,
      @ForAll @Size(max = 10) List<byte[]> attachments) {
    List<Frame> frames = SocketIo.event(namespace, ackId, name, args, attachments);

    SocketIo.Event event = assertInstanceOf(SocketIo.Event.class, received(frames));

    assertEquals(namespace, event.namespace());
    assertEquals(ackId, event.ackId());
    assertEquals(name, event.name());
    assertEquals(args, event.args());
    assertBytes(attachments, event.attachments());
  }

  @Property
  void anAckComesBackAsItWas(
      @ForAll("namespaces") String namespace,
      @ForAll @LongRange(min = 0, max = Integer.MAX_VALUE) long ackId,
      @ForAll @Size(max = 5) List<@From("json") RawJson> args,
      @ForAll @Size(max = 10) List<byte[]> attachments) {
    List<Frame> frames = SocketIo.ack(namespace, ackId, args, attachments);

    SocketIo.Ack ack = assertInstanceOf(SocketIo.Ack.class, received(frames));

    assertEquals(namespace, ack.namespace());
    assertEquals(ackId, ack.ackId());
    assertEquals(args, ack.args());
    assertBytes(attachments, ack.attachments());
  }

  @Property
  void aPlainEventComesBackAsItWas(
      @ForAll String id, @ForAll("names") String name, @ForAll("json") RawJson data) {
    PlainJson.Message message = PlainJson.decode(PlainJson.event(id, name, data).text());

    if (name.isEmpty()) {
      assertInstanceOf(PlainJson.Malformed.class, message);
    } else {
      assertEquals(new PlainJson.Event(name, data), message);
    }
  }

  @Property
  void aPayloadComesBackAsItWas(
      @ForAll @Size(min = 1, max = 8) List<@From("frames") Frame> frames) {
    String body = new String(EngineIo.encodePayload(frames), UTF_8);

    var packets =
        assertInstanceOf(EngineIo.Decoded.Packets.class, EngineIo.decodePayload(body)).packets();

    assertEquals(frames.size(), packets.size());
    for (int i = 0; i < frames.size(); i++) {
      Frame again =
          switch (packets.get(i)) {
            case EngineIo.Text text -> Frame.text(text.type().digit() + text.data());
            case EngineIo.Binary binary -> Frame.binary(binary.data());
          };
      assertArrayEquals(frames.get(i).wire(), again.wire());
    }
  }

  @Property
  void noNameCanBreakAPayload(@ForAll String name, @ForAll String id, @ForAll String message) {
    List<Frame> frames =
        List.of(
            SocketIo.event("/", name, RawJson.EMPTY_OBJECT),
            SocketIo.eventWithOffset("/", name, RawJson.EMPTY_OBJECT, id),
            SocketIo.connected("/", id, id),
            SocketIo.connectError("/", message, null),
            PlainJson.event(id, name, RawJson.EMPTY_OBJECT));

    for (Frame frame : frames) {
      assertTrue(frame.text().chars().allMatch(c -> c >= 0x20), frame.text());
    }
  }

  @Property(tries = 5_000)
  void anyTextIsAnswered(@ForAll("messages") String message) {
    SocketIo.Decoder decoder = new SocketIo.Decoder(MAX_BYTES);

    assertNotNull(decoder.text(message));
    assertNotNull(decoder.text(message));
    assertNotNull(PlainJson.decode(message));
    assertNotNull(EngineIo.decodeText(message));
    assertNotNull(EngineIo.decodePayload(message));
  }

  @Property(tries = 5_000)
  void aDamagedPacketIsAnswered(
      @ForAll("packets") String packet,
      @ForAll @IntRange(max = 60) int at,
      @ForAll char character,
      @ForAll boolean insert) {
    int cut = Math.min(at, packet.length());
    int rest = insert ? cut : Math.min(cut + 1, packet.length());
    String damaged = packet.substring(0, cut) + character + packet.substring(rest);

    SocketIo.Decoder decoder = new SocketIo.Decoder(MAX_BYTES);
    assertNotNull(decoder.text(damaged));
    assertNotNull(PlainJson.decode(damaged));
    Assume.that(" \t\r\n".indexOf(character) < 0);
    assertInstanceOf(
        SocketIo.Decoded.Malformed.class, new SocketIo.Decoder(MAX_BYTES).text(packet + character));
  }

  @Property
  void aDecoderTakesAnyBytes(@ForAll @Size(max = 20) List<byte[]> messages) {
    SocketIo.Decoder decoder = new SocketIo.Decoder(50);
    decoder.text("55-[\"a\"]");

    for (byte[] message : messages) {
      assertNotNull(decoder.binary(message));
    }
  }

  @Provide
  Arbitrary<String> namespaces() {
    return Arbitraries.of("/", "/custom", "/a/b", "/\u20ac?x=1");
  }

  @Provide
  Arbitrary<String> names() {
    return text().ofMaxLength(40).filter(name -> !isTaken(name));
  }

  private static boolean isTaken(String name) {
    return EventName.isReserved(name) || List.of("ping", "subscribe", "unsubscribe").contains(name);
  }

  /** Any characters but halves of surrogate pairs. */
  private static StringArbitrary text() {
    return Arbitraries.strings()
        .withCharRange('\u0000', '\ud7ff')
        .withCharRange('\ue000', '\uffff');
  }

  @Provide
  Arbitrary<RawJson> json() {
    Arbitrary<String> scalar =
        Arbitraries.oneOf(
            Arbitraries.of("null", "true", "false", "-0.0", "1e999", "12345678901234567890", "{}"),
            Arbitraries.doubles().map(Object::toString),
            text().ofMaxLength(20).map(string -> new String(Json.quote(string), UTF_8)));
    return Arbitraries.recursive(() -> scalar, ProtocolProperties::nested, 0, 4).map(RawJson::of);
  }

  private static Arbitrary<String> nested(Arbitrary<String> inner) {
    return Arbitraries.oneOf(
        inner.list().ofMaxSize(3).map(list -> "[" + String.join(" , ", list) + "]"),
        inner.map(value -> "{\"k\u20ac\" :" + value + "}"),
        inner);
  }

  @Provide
  Arbitrary<Frame> frames() {
    return Arbitraries.oneOf(
        Arbitraries.of(EngineIo.PING, EngineIo.NOOP, EngineIo.CLOSE, EngineIo.PONG_PROBE),
        json().map(data -> SocketIo.event("/", "e", data)),
        Arbitraries.bytes().array(byte[].class).ofMaxSize(300).map(Frame::binary));
  }

  @Provide
  Arbitrary<String> messages() {
    return Arbitraries.oneOf(
        Arbitraries.strings().ofMaxLength(30),
        Arbitraries.strings()
            .withChars("0123456[]{}\",:-/abtrue\\ .eE+_\u001e\u0000\ufeff")
            .ofMaxLength(30));
  }

  @Provide
  Arbitrary<String> packets() {
    return Arbitraries.of(
        "0{\"token\":\"abc\"}",
        "2/custom,456[\"ask\",1,{\"a\":[true,null,\"\\u20ac\"]}]",
        "3456[1,\"x\",{}]",
        "52-[\"m\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]",
        "61-789[{\"_placeholder\":true,\"num\":0}]");
  }

  private static SocketIo.Packet received(List<Frame> frames) {
    SocketIo.Decoder decoder = new SocketIo.Decoder(MAX_BYTES);
    SocketIo.Decoded decoded = decoder.text(frames.getFirst().text().substring(1));
    for (Frame frame : frames.subList(1, frames.size())) {
      assertInstanceOf(SocketIo.Decoded.Incomplete.class, decoded);
      byte[] data = new byte[frame.payload().remaining()];
      frame.payload().get(data);
      decoded = decoder.binary(data);
    }
    return assertInstanceOf(SocketIo.Decoded.Complete.class, decoded).packet();
  }

  private static void assertBytes(List<byte[]> expected, List<byte[]> actual) {
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), actual.get(i));
    }
  }
}
