package dev.laravelrelay.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.protocol.SocketIo.Ack;
import dev.laravelrelay.protocol.SocketIo.Connect;
import dev.laravelrelay.protocol.SocketIo.Decoded;
import dev.laravelrelay.protocol.SocketIo.Disconnect;
import dev.laravelrelay.protocol.SocketIo.Event;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SocketIoDecoderTest {

  private final SocketIo.Decoder decoder = new SocketIo.Decoder(100);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0                             | /       |",
        "0{}                           | /       | {}",
        "07{}                          | /       | {}",
        "0{\"token\":\"abc\"}          | /       | {\"token\":\"abc\"}",
        "0/custom                      | /custom |",
        "0/custom,                     | /custom |",
        "0/custom,{\"token\":\"abc\"}  | /custom | {\"token\":\"abc\"}",
        "0/custom,{\"a\" : [1,{}]}     | /custom | {\"a\" : [1,{}]}",
        "0/a/b?c=d,                    | /a/b?c=d|"
      })
  void aConnectHasANamespaceAndPerhapsAuth(String text, String namespace, @Nullable String auth) {
    RawJson json = auth == null ? null : RawJson.of(auth);
    assertEquals(complete(new Connect(namespace, json)), decoder.text(text));
  }

  @ParameterizedTest
  @CsvSource({"1, /", "'1/custom,', /custom", "1/custom, /custom"})
  void aDisconnectHasANamespace(String text, String namespace) {
    assertEquals(complete(new Disconnect(namespace)), decoder.text(text));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2[\"message\",1,\"2\",{\"3\":[true]}]  | / | -1 | message | 1;\"2\";{\"3\":[true]}",
        "2/custom,[\"ev\"]                      | /custom | -1 | ev |",
        "2456[\"ask\",1]                        | / | 456 | ask | 1",
        "20[\"ask\"]                            | / | 0 | ask |",
        "2/custom,12[\"ask\",null]              | /custom | 12 | ask | null",
        "2[\"a\\u001e\\\"\", [ 1 , 2 ] , -1.5e3 ] | / | -1 | a\u001e\" | [ 1 , 2 ];-1.5e3",
        "2[ \"\u20ac\" ,\"\u20ac\ud83d\ude00\\n\" ]  | / | -1 | \u20ac | \"\u20ac\ud83d\ude00\\n\"",
        "2[\"\",true,false]                     | / | -1 | '' | true;false",
        "2[\"n\",123456789012345678901234567890.10] | / | -1 | n | 123456789012345678901234567890.10",
        "2[\"p\",{\"_placeholder\":true,\"num\":5}] | / | -1 | p | {\"_placeholder\":true,\"num\":5}"
      })
  void anEventHasANameAndItsArgumentsAsTheyCame(
      String text, String namespace, long ackId, String name, @Nullable String args) {
    assertEquals(
        complete(new Event(namespace, ackId, name, json(args), List.of())), decoder.text(text));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "3456[]              | / | 456 |",
        "3456[1,\"x\"]       | / | 456 | 1;\"x\"",
        "3/custom,7[{}]      | /custom | 7 | {}",
        "37                  | / | 7 |",
        "3999999999999999999[] | / | 999999999999999999 |"
      })
  void anAckHasAnIdAndArguments(String text, String namespace, long ackId, @Nullable String args) {
    assertEquals(complete(new Ack(namespace, ackId, json(args), List.of())), decoder.text(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"2[1]", "2[1,\"a\"]", "25[1.5]", "2[-1e9,{}]", "2", "25", "3", "3[1]"})
  void whatNobodyListensToIsIgnored(String text) {
    assertInstanceOf(Decoded.Ignored.class, decoder.text(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"_placeholder\":true,\"num\":0};{\"_placeholder\":true,\"num\":1}",
        "{\"_placeholder\":true,\"num\":1};{\"num\":0,\"_placeholder\":true}",
        "[1,{\"a\":[{\"_placeholder\":true,\"num\":1}]}];null;\"x\"",
        "{\"_placeholder\":false,\"num\":9}",
        "{\"_placeholder\":\"true\",\"num\":9};{\"num\":9}"
      })
  void attachmentsCompleteAnEvent(String args) {
    byte[] first = {1, 2, 3};
    byte[] second = {};

    Decoded header = decoder.text("52-/custom,5[\"m\"," + args.replace(';', ',') + "]");
    assertInstanceOf(Decoded.Incomplete.class, header);
    assertInstanceOf(Decoded.Incomplete.class, decoder.binary(first));
    Event event = assertInstanceOf(Event.class, packet(decoder.binary(second)));

    assertEquals("/custom", event.namespace());
    assertEquals(5, event.ackId());
    assertEquals("m", event.name());
    assertEquals(json(args), event.args());
    assertArrayEquals(first, event.attachments().get(0));
    assertArrayEquals(second, event.attachments().get(1));
  }

  @Test
  void attachmentsCompleteAnAck() {
    assertInstanceOf(
        Decoded.Incomplete.class, decoder.text("61-789[{\"_placeholder\":true,\"num\":0}]"));
    Ack ack = assertInstanceOf(Ack.class, packet(decoder.binary(new byte[] {9})));

    assertEquals(789, ack.ackId());
    assertEquals(json("{\"_placeholder\":true,\"num\":0}"), ack.args());
    assertArrayEquals(new byte[] {9}, ack.attachments().getFirst());
  }

  @Test
  void tenAttachmentsAreTaken() {
    assertInstanceOf(Decoded.Incomplete.class, decoder.text("510-[\"a\"]"));
    for (int i = 0; i < 9; i++) {
      assertInstanceOf(Decoded.Incomplete.class, decoder.binary(new byte[1]));
    }
    assertInstanceOf(Decoded.Complete.class, decoder.binary(new byte[1]));
    assertInstanceOf(Decoded.Malformed.class, decoder.binary(new byte[1]));
  }

  @Test
  void theNextPacketStartsAfresh() {
    assertInstanceOf(Decoded.Incomplete.class, decoder.text("51-[\"a\"]"));
    assertInstanceOf(Decoded.Complete.class, decoder.binary(new byte[1]));
    assertInstanceOf(Decoded.Complete.class, decoder.text("2[\"b\"]"));
    assertInstanceOf(Decoded.Incomplete.class, decoder.text("51-[\"a\"]"));
    assertInstanceOf(Decoded.Complete.class, decoder.binary(new byte[1]));
  }

  @Test
  void theAttachmentsOfAnIgnoredEventAreTakenToo() {
    assertInstanceOf(Decoded.Incomplete.class, decoder.text("51-[5]"));
    assertInstanceOf(Decoded.Ignored.class, decoder.binary(new byte[1]));
    assertInstanceOf(Decoded.Complete.class, decoder.text("2[\"b\"]"));
  }

  @Test
  void textWhereAnAttachmentIsDueIsMalformed() {
    assertInstanceOf(Decoded.Incomplete.class, decoder.text("51-[\"a\"]"));
    assertInstanceOf(Decoded.Malformed.class, decoder.text("2[\"b\"]"));
  }

  @Test
  void binaryThatIsNotDueIsMalformed() {
    assertInstanceOf(Decoded.Malformed.class, decoder.binary(new byte[1]));
  }

  @Test
  void attachmentsAreBoundedTogether() {
    assertInstanceOf(Decoded.Incomplete.class, decoder.text("52-[\"a\"]"));
    assertInstanceOf(Decoded.Incomplete.class, decoder.binary(new byte[60]));
    assertInstanceOf(Decoded.Malformed.class, decoder.binary(new byte[41]));

    assertInstanceOf(Decoded.Incomplete.class, decoder.text("52-[\"a\"]"));
    assertInstanceOf(Decoded.Incomplete.class, decoder.binary(new byte[60]));
    assertInstanceOf(Decoded.Complete.class, decoder.binary(new byte[40]));
  }

  @Test
  void longArgumentsAreNotCut() {
    String digits = "7".repeat(5_000);
    String text = "\"" + "\u20ac".repeat(50_000) + "\"";
    String member = "{\"" + "k".repeat(60_000) + "\":1}";

    Decoded decoded = decoder.text("2[\"a\"," + digits + "," + text + "," + member + "]");

    assertEquals(
        List.of(RawJson.of(digits), RawJson.of(text), RawJson.of(member)),
        assertInstanceOf(Event.class, packet(decoded)).args());
  }

  private static Decoded complete(SocketIo.Packet packet) {
    return new Decoded.Complete(packet);
  }

  private static SocketIo.Packet packet(Decoded decoded) {
    return assertInstanceOf(Decoded.Complete.class, decoded).packet();
  }

  private static List<RawJson> json(@Nullable String semicolons) {
    return semicolons == null
        ? List.of()
        : Stream.of(semicolons.split(";")).map(RawJson::of).toList();
  }
}
