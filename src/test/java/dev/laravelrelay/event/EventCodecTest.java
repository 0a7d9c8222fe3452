package dev.laravelrelay.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.config.DeliveryConfig;
import dev.laravelrelay.event.EventCodec.Parsed;
import dev.laravelrelay.testing.BadBody;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class EventCodecTest {

  private static final long NOW = 1_795_358_188_000L;

  private final EventCodec codec = codec(0);

  private static EventCodec codec(int holdDefault) {
    return new EventCodec(
        new DeliveryConfig(holdDefault, 100, 1_000_000, 10_000_000),
        InstantSource.fixed(Instant.ofEpochMilli(NOW)));
  }

  private static byte[] bytes(String json) {
    return json.getBytes(StandardCharsets.UTF_8);
  }

  private EmitRequest valid(String json) {
    return assertInstanceOf(Parsed.Valid.class, codec.parse(bytes(json), null)).request();
  }

  private Map<String, List<String>> errors(String json, @Nullable String key) {
    return assertInstanceOf(Parsed.Invalid.class, codec.parse(bytes(json), key)).errors();
  }

  @Test
  void everyFieldReachesTheEvent() {
    EmitRequest request =
        valid(
            """
            {"user":42,"event":"call:rejected","data":{"b":1.0,"a":"\\u00e9\\/"},"hold":30,
             "confirm":1500,"collapse_key":"call:c-667","except":"12.34","id":"k-1"}""");
    Event event = request.event();
    assertEquals("k-1", event.id());
    assertEquals("call:rejected", event.name());
    assertEquals("{\"b\":1.0,\"a\":\"\\u00e9\\/\"}", event.data().toString());
    assertEquals(new Target.User("42"), event.target());
    assertEquals(new Terms(30, 1500, "call:c-667", "12.34"), event.terms());
    assertEquals(NOW, event.acceptedAt());
    assertTrue(request.idempotent());
  }

  @ParameterizedTest
  @MethodSource("dev.laravelrelay.testing.BadBody#all")
  void aBadBodyIsRefusedAndItsFieldNamed(BadBody bad) {
    Parsed parsed = codec.parse(bad.body(), null);
    if (bad.status() == 400) {
      assertFalse(assertInstanceOf(Parsed.NotJson.class, parsed).message().isEmpty());
    } else {
      Map<String, List<String>> errors =
          assertInstanceOf(Parsed.Invalid.class, parsed, parsed.toString()).errors();
      assertTrue(errors.containsKey(bad.field()), errors.toString());
      errors
          .values()
          .forEach(
              sentences ->
                  assertTrue(sentences.getFirst().matches("The .*[.?]|A .*[.]"), errors::toString));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "42, 42",
    "\"42\", 42",
    "-1, -1",
    "0, 0",
    "-0, 0",
    "9223372036854775807, 9223372036854775807",
    "-9223372036854775808, -9223372036854775808",
    "\"0042\", 0042",
    "\"\\u0075ser\", user",
    "\"9b2f-é-😀\", 9b2f-é-😀"
  })
  void aUserIsNamedByIntegerOrString(String json, String user) {
    assertEquals(
        new Target.User(user), valid("{\"user\":" + json + ",\"event\":\"a\"}").event().target());
  }

  @Test
  void eachTargetIsUnderstoodAndRepeatsAreDropped() {
    assertEquals(
        new Target.Users(List.of("1", "2", "x")),
        valid("{\"users\":[1,\"2\",\"1\",2,\"x\"],\"event\":\"a\"}").event().target());
    assertEquals(
        new Target.Channels(List.of("news")),
        valid("{\"channel\":\"news\",\"event\":\"a\"}").event().target());
    assertEquals(
        new Target.Channels(List.of("b", "a")),
        valid("{\"channels\":[\"b\",\"a\",\"b\"],\"event\":\"a\"}").event().target());
    assertEquals(
        new Target.Socket("12.34"),
        valid("{\"socket\":\"12.34\",\"event\":\"a\"}").event().target());
    assertEquals(
        new Target.Everyone(), valid("{\"everyone\":true,\"event\":\"a\"}").event().target());
  }

  @Test
  void theLargestListsAreTaken() {
    String users = IntStream.range(0, EmitLimits.MAX_USERS).boxed().toList().toString();
    Target target = valid("{\"users\":" + users + ",\"event\":\"a\"}").event().target();
    assertEquals(EmitLimits.MAX_USERS, assertInstanceOf(Target.Users.class, target).users().size());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "{}",
        "null",
        "true",
        "0",
        "-0.0",
        "1e400",
        "12345678901234567890.10",
        "\"\"",
        "\"\\u0000\"",
        "\"\\ud83d\\ude00\"",
        "\"😀é\"",
        "[1, 2,\n3]",
        "{\"a\":{\"a\":{\"a\":1}}}",
        "{ \"z\" : 1 , \"a\" : [ ] }",
        "[{\"a\":1},{\"a\":2}]",
        "\"\\\\ud800\"",
        "{\"\":1}"
      })
  void dataIsPassedOnByteForByte(String data) {
    assertEquals(
        data,
        valid("{\"user\":1,\"data\": " + data + " ,\"event\":\"a\"}").event().data().toString());
    assertEquals(
        data,
        valid("{\"user\":1,\"event\":\"a\",\"data\":" + data + "}").event().data().toString());
  }

  @Test
  void dataMayBeAsDeepAsTheLimit() {
    String data = "[".repeat(EmitLimits.MAX_DEPTH) + "]".repeat(EmitLimits.MAX_DEPTH);
    assertEquals(
        data,
        valid("{\"user\":1,\"event\":\"a\",\"data\":" + data + "}").event().data().toString());
  }

  @Test
  void aLongNumberIsNoReasonToRefuseData() {
    String digits = "9".repeat(5_000);
    assertEquals(
        digits,
        valid("{\"user\":1,\"event\":\"a\",\"data\":" + digits + "}").event().data().toString());
  }

  @Test
  void smallDataDoesNotKeepALargeBodyAlive() {
    byte[] body = bytes("{\"user\":1,\"event\":\"a\",\"data\":[7]" + " ".repeat(10_000) + "}");
    Parsed.Valid valid = assertInstanceOf(Parsed.Valid.class, codec.parse(body, null));
    Arrays.fill(body, (byte) 'x');
    assertEquals("[7]", valid.request().event().data().toString());
  }

  @Test
  void withoutDataTheClientGetsAnEmptyObject() {
    assertEquals(RawJson.EMPTY_OBJECT, valid(BadBody.valid()).event().data());
  }

  @Test
  void theDefaultHoldIsForUsersOnly() {
    EventCodec holding = codec(60);
    assertEquals(60, hold(holding, "\"user\":1"));
    assertEquals(60, hold(holding, "\"users\":[1]"));
    assertEquals(0, hold(holding, "\"user\":1,\"hold\":0"));
    assertEquals(0, hold(holding, "\"channel\":\"a\""));
    assertEquals(0, hold(holding, "\"everyone\":true,\"hold\":0"));
  }

  private static int hold(EventCodec codec, String members) {
    Parsed parsed = codec.parse(bytes("{\"event\":\"a\"," + members + "}"), null);
    return assertInstanceOf(Parsed.Valid.class, parsed).request().event().terms().holdSeconds();
  }

  @Test
  void exceptMayBeNullAsLaravelGivesItWithoutASocket() {
    assertEquals(Terms.NONE, valid("{\"user\":1,\"event\":\"a\",\"except\":null}").event().terms());
  }

  @Test
  void everyProblemIsNamedAtOnceInTheOrderOfTheBody() {
    Map<String, List<String>> errors =
        errors("{\"usr\":1,\"hold\":\"30\",\"data\":{\"a\":1,\"a\":2},\"confirm\":99999}", null);
    assertEquals(
        List.of("usr", "hold", "data.a", "confirm", "event", "user"), List.copyOf(errors.keySet()));
    assertEquals(List.of("The field usr is unknown. Did you mean user?"), errors.get("usr"));
    assertEquals(List.of("The hold field must be an integer."), errors.get("hold"));
    assertEquals(List.of("The event field is required."), errors.get("event"));
  }

  @Test
  void theNumberOfNamedProblemsIsBounded() {
    StringBuilder body = new StringBuilder("{\"event\":\"a\"");
    IntStream.range(0, 5_000).forEach(i -> body.append(",\"unknown").append(i).append("\":1"));
    assertEquals(EmitLimits.MAX_PROBLEMS, errors(body.append('}').toString(), null).size());
  }

  @Test
  void anUnprintableFieldIsNamedPrintably() {
    String field =
        errors("{\"a\\u0000\\ud83d\\ude00" + "x".repeat(1_000) + "\":1}", null)
            .keySet()
            .iterator()
            .next();
    assertTrue(field.startsWith("a???xx") && field.length() <= 101, field);
  }

  @ParameterizedTest
  @CsvSource({
    "usr, user",
    "user_id, user",
    "userid, user",
    "Event, event",
    "chanel, channel",
    "collapseKey, collapse_key",
    "collapse-key, collapse_key",
    "datas, data",
    "uid, id",
    "exept, except",
    "except_socket, except",
    "conform, confirm",
    "holds, hold"
  })
  void theNearestKnownNameIsSuggested(String unknown, String nearest) {
    assertEquals(
        List.of("The field %s is unknown. Did you mean %s?".formatted(unknown, nearest)),
        errors("{\"" + unknown + "\":1}", null).get(unknown));
  }

  @ParameterizedTest
  @ValueSource(strings = {"phone", "priority", "x", "to", "webhook"})
  void nothingIsSuggestedWhereNothingIsNear(String unknown) {
    assertEquals(
        List.of("The field %s is unknown.".formatted(unknown)),
        errors("{\"" + unknown + "\":1}", null).get(unknown));
  }

  @Test
  void anEventWithoutIdGetsAUuidOfVersion7() {
    EmitRequest request = valid(BadBody.valid());
    assertEquals(7, UUID.fromString(request.event().id()).version());
    assertFalse(request.idempotent());
  }

  @Test
  void generatedIdsAreUniqueAcrossThreads() {
    ConcurrentHashMap<String, Boolean> ids = new ConcurrentHashMap<>();
    IntStream.range(0, 20_000).parallel().forEach(_ -> ids.put(EventIds.next(), true));
    assertEquals(20_000, ids.size());
  }

  @Test
  void theKeyBesideTheBodyIsTheId() {
    Parsed parsed = codec.parse(bytes(BadBody.valid()), "header-key");
    EmitRequest request = assertInstanceOf(Parsed.Valid.class, parsed).request();
    assertEquals("header-key", request.event().id());
    assertTrue(request.idempotent());
    String same = "{\"user\":1,\"event\":\"a\",\"id\":\"header-key\"}";
    assertInstanceOf(Parsed.Valid.class, codec.parse(bytes(same), "header-key"));
    assertEquals(
        List.of("The id field and the Idempotency-Key must be the same."),
        errors(same, "another").get("id"));
    assertTrue(errors(BadBody.valid(), "").containsKey("id"));
    assertTrue(errors(BadBody.valid(), "k".repeat(201)).containsKey("id"));
    assertTrue(errors(BadBody.valid(), "é").containsKey("id"));
  }

  @Test
  void theFingerprintTellsBodiesApart() {
    EmitRequest one = valid("{\"user\":1,\"event\":\"a\",\"id\":\"k\"}");
    EmitRequest two = valid("{\"user\":2,\"event\":\"a\",\"id\":\"k\"}");
    assertEquals(
        one.fingerprint(), valid("{\"user\":1,\"event\":\"a\",\"id\":\"k\"}").fingerprint());
    assertNotEquals(one.fingerprint(), two.fingerprint());
  }
}
