package dev.laravelrelay.protocol;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.laravelrelay.protocol.SocketIo.Decoded;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SocketIoMalformedTest {

  private final SocketIo.Decoder decoder = new SocketIo.Decoder(100);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "7",
        "9",
        "abc",
        "a",
        "-1",
        " 2[\"a\"]",
        "\ud800",
        "\u0662[\"a\"]",
        "0[]",
        "0null",
        "0\"a\"",
        "0{",
        "0{\"a\":}",
        "0{}x",
        "0{}{}",
        "0true",
        "0/custom,[]",
        "1{}",
        "1[]",
        "1x",
        "1/custom,{}",
        "1\"\"",
        "2{}",
        "2[]",
        "2[null]",
        "2[true]",
        "2[{}]",
        "2[[]]",
        "2\"a\"",
        "2null",
        "2[",
        "2[\"a\"",
        "2[\"a\",]",
        "2[\"a\"]x",
        "2[\"a\"][]",
        "2['a']",
        "2[\"a\",NaN]",
        "2[\"a\",01]",
        "2[\"a\",+1]",
        "2[\"a\",.5]",
        "2[\"a\",tru]",
        "2[\"a\" 1]",
        "2[\"a\",{a:1}]",
        "2[\"a\",\"\u0000\"]",
        "2[\"a\",\"\u001e\"]",
        "2[\"a\",\"\\x\"]",
        "2[\"a\"]//c",
        "2,[\"a\"]",
        "2\ufeff[\"a\"]",
        "2[\u0000\"\u0000a\u0000\"\u0000]\u0000",
        "2\u0000[\u0000\"\u0000a\u0000",
        "2abc[\"message-with-ack\",1]",
        "21.5[\"a\"]",
        "2-1[\"a\"]",
        "21000000000000000000[\"a\"]",
        "299999999999999999999999[\"a\"]",
        "21-[\"a\"]",
        "2[\"connect\"]",
        "2[\"connect_error\"]",
        "2[\"disconnect\"]",
        "2[\"disconnecting\"]",
        "2[\"newListener\"]",
        "2[\"removeListener\",1]",
        "2[\"c\\u006fnnect\"]",
        "3{}",
        "31{}",
        "31\"a\"",
        "31[",
        "31[1",
        "31[1]x",
        "3x[]",
        "3-1[]",
        "31null",
        "4",
        "4{}",
        "4{\"message\":\"x\"}",
        "4/custom,{}",
        "5",
        "5[\"a\"]",
        "5-[\"a\"]",
        "50-[\"a\"]",
        "511-[\"a\"]",
        "5-1-[\"a\"]",
        "51",
        "51[\"a\"]",
        "5x-[\"a\"]",
        "51.0-[\"a\"]",
        "5 1-[\"a\"]",
        "5100-[\"a\"]",
        "500-[\"a\"]",
        "51-{}",
        "51-[]",
        "51-[null]",
        "51-[\"connect\"]",
        "51-[\"a\"",
        "51-[\"a\"]x",
        "6",
        "6[]",
        "60-1[]",
        "61-1{}",
        "6/custom,1-[]",
        "5/1-[\"a\"]"
      })
  void theConnectionIsClosedOn(String text) {
    assertInstanceOf(Decoded.Malformed.class, decoder.text(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"_placeholder\":true,\"num\":2}",
        "{\"num\":2,\"_placeholder\":true}",
        "{\"_placeholder\":true,\"num\":-1}",
        "{\"_placeholder\":true,\"num\":100}",
        "{\"_placeholder\":true,\"num\":99999999999999999999}",
        "{\"_placeholder\":true,\"num\":\"0\"}",
        "{\"_placeholder\":true,\"num\":0.5}",
        "{\"_placeholder\":true,\"num\":null}",
        "{\"_placeholder\":true,\"num\":[0]}",
        "{\"_placeholder\":true}",
        "[[{\"a\":{\"_placeholder\":true,\"num\":7}}]]",
        "{\"a\":{\"_placeholder\":true,\"num\":0},\"b\":{\"_placeholder\":true,\"num\":9}}"
      })
  void aPlaceholderMustStandForAnAttachment(String arg) {
    assertInstanceOf(Decoded.Malformed.class, decoder.text("52-[\"a\"," + arg + "]"));
    assertInstanceOf(Decoded.Malformed.class, decoder.text("62-1[" + arg + "]"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"2[\"a\",%s]", "51-[\"a\",%s]", "0{\"a\":%s}"})
  void nestingIsBounded(String form) {
    String fits = "[".repeat(Json.MAX_DEPTH - 1) + "]".repeat(Json.MAX_DEPTH - 1);
    String tooDeep = "[".repeat(1_000_000);

    assertFalse(decoder.text(form.formatted(fits)) instanceof Decoded.Malformed);
    assertInstanceOf(
        Decoded.Malformed.class, new SocketIo.Decoder(100).text(form.formatted(tooDeep)));
  }

  @Test
  void theReasonQuotesNothingOfThePayload() {
    Decoded decoded = decoder.text("0{\"token\":secret}");

    assertFalse(decoded.toString().contains("secret"), decoded.toString());
  }
}
