package dev.laravelrelay.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.protocol.PlainJson.Event;
import dev.laravelrelay.protocol.PlainJson.Malformed;
import dev.laravelrelay.protocol.PlainJson.Message;
import dev.laravelrelay.protocol.PlainJson.Ping;
import dev.laravelrelay.protocol.PlainJson.Subscribe;
import dev.laravelrelay.protocol.PlainJson.Unsubscribe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PlainJsonTest {

  @Test
  void anEventIsOneObject() {
    assertEquals(
        "{\"event\":\"call:rejected\",\"data\":{\"n\":1.0},\"id\":\"e-1\"}",
        PlainJson.event("e-1", "call:rejected", RawJson.of("{\"n\":1.0}")).text());
    assertEquals(
        "{\"event\":\"\\\"\\u001E\",\"data\":[],\"id\":\"\\\\\"}",
        PlainJson.event("\\", "\"\u001e", RawJson.of("[]")).text());
  }

  @Test
  void aClientSubscribesUnsubscribesAndPings() {
    assertEquals(
        new Subscribe("private-x"),
        PlainJson.decode("{\"event\":\"subscribe\",\"data\":{\"channel\":\"private-x\"}}"));
    assertEquals(
        new Unsubscribe("private-x"),
        PlainJson.decode(
            "{\"data\":{\"x\":[1],\"channel\":\"private-x\"},\"event\":\"unsubscribe\"}"));
    assertEquals(new Ping(), PlainJson.decode("{\"event\":\"ping\"}"));
    assertEquals(new Ping(), PlainJson.decode(" {\"event\":\"ping\",\"data\":{},\"x\":[{}]}\r\n"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"event\":\"call:reject\",\"data\":{ \"a\" : 1.50 }} | { \"a\" : 1.50 }",
        "{\"data\":\"\u20ac\",\"event\":\"call:reject\"}       | \"\u20ac\"",
        "{\"event\":\"call:reject\",\"data\":null}             | null",
        "{\"event\":\"call:reject\"}                           | {}"
      })
  void anyOtherNameIsAnEvent(String message, String data) {
    assertEquals(new Event("call:reject", RawJson.of(data)), PlainJson.decode(message));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "ping",
        "[]",
        "null",
        "1",
        "\"a\"",
        "{",
        "{}",
        "{}{}",
        "{\"event\":\"a\"}x",
        "{\"event\":1}",
        "{\"event\":null}",
        "{\"event\":{}}",
        "{\"event\":\"\"}",
        "{\"event\":\"a\",\"event\":\"b\"}",
        "{\"event\":\"a\",\"data\":1,\"data\":2}",
        "{\"event\":\"a\",\"data\":}",
        "{\"event\":\"a\",\"data\":NaN}",
        "{event:\"a\"}",
        "{\"event\":\"subscribe\"}",
        "{\"event\":\"subscribe\",\"data\":{}}",
        "{\"event\":\"subscribe\",\"data\":\"private-x\"}",
        "{\"event\":\"subscribe\",\"data\":{\"channel\":1}}",
        "{\"event\":\"subscribe\",\"data\":{\"channel\":\"\"}}",
        "{\"event\":\"subscribe\",\"data\":{\"channel\":\"a\",\"channel\":\"b\"}}",
        "{\"event\":\"unsubscribe\",\"data\":[]}",
        "{\u0000\"\u0000",
        "\u0000{\u0000\"",
        "\ufeff{}"
      })
  void everythingElseIsMalformed(String message) {
    assertInstanceOf(Malformed.class, PlainJson.decode(message));
  }

  @Test
  void namesAreAtMost200CharactersLong() {
    assertInstanceOf(Event.class, named("n".repeat(200)));
    assertInstanceOf(Malformed.class, named("n".repeat(201)));
  }

  private static Message named(String name) {
    return PlainJson.decode("{\"event\":\"" + name + "\"}");
  }
}
