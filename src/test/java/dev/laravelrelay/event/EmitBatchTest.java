package dev.laravelrelay.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.laravelrelay.config.DeliveryConfig;
import dev.laravelrelay.event.EventCodec.Parsed;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EmitBatchTest {

  private static final EventCodec CODEC =
      new EventCodec(new DeliveryConfig(0, 100, 1_000_000, 10_000_000), InstantSource.system());

  private static EmitBatch parse(String json) {
    return EmitBatch.parse(json.getBytes(StandardCharsets.UTF_8), CODEC);
  }

  private static List<EmitBatch.Item> items(String json) {
    return assertInstanceOf(EmitBatch.Items.class, parse(json)).emits();
  }

  private static Map<String, List<String>> errors(EmitBatch.Item item) {
    return assertInstanceOf(Parsed.Invalid.class, item.emit()).errors();
  }

  @ParameterizedTest
  @ValueSource(strings = {"[%s, %s\n,%s]", " {\"emits\" : [%s,%s, %s ]} "})
  void eachEmitIsReadAsIfItHadComeAlone(String batch) {
    List<String> emits =
        List.of(
            "{ \"user\" : 1, \"event\":\"é\", \"data\": [1.50, {\"b\":\"\\n\"} ] , \"id\":\"a\" }",
            "{\"data\":\"x\",\"event\":\"b\",\"users\":[\"2\",3],\"hold\":5}",
            "{\"channel\":\"c\",\"event\":\"c\"}");
    List<EmitBatch.Item> items = items(batch.formatted(emits.toArray()));
    assertEquals(emits.size(), items.size());
    for (int i = 0; i < items.size(); i++) {
      byte[] alone = emits.get(i).getBytes(StandardCharsets.UTF_8);
      assertEquals(alone.length, items.get(i).bytes());
      EmitRequest expected =
          assertInstanceOf(Parsed.Valid.class, CODEC.parse(alone, null)).request();
      EmitRequest read = assertInstanceOf(Parsed.Valid.class, items.get(i).emit()).request();
      assertEquals(expected.event().name(), read.event().name());
      assertEquals(expected.event().data(), read.event().data());
      assertEquals(expected.event().target(), read.event().target());
      assertEquals(expected.event().terms(), read.event().terms());
      assertEquals(expected.idempotent(), read.idempotent());
      assertEquals(expected.fingerprint(), read.fingerprint());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"42", "\"é\\n\"", "[[]]", "[{\"user\":1}, 2]", "null", "-1.50", "true"})
  void whatIsNoObjectIsBadAloneAndItsLengthIsKnown(String bad) {
    List<EmitBatch.Item> items =
        items("[%s ,{\"user\":1,\"event\":\"a\"}, %s]".formatted(bad, bad));
    assertEquals(3, items.size());
    assertEquals(bad.getBytes(StandardCharsets.UTF_8).length, items.getFirst().bytes());
    assertEquals(Map.of("body", List.of("The body must be a JSON object.")), errors(items.get(0)));
    assertInstanceOf(Parsed.Valid.class, items.get(1).emit());
    assertEquals(bad.getBytes(StandardCharsets.UTF_8).length, items.getLast().bytes());
  }

  @Test
  void problemsAreNamedFromTheEmitOn() {
    String good = "{\"user\":1,\"event\":\"a\",\"data\":{\"x\":1}}";
    String bad =
        "{\"user\":1,\"event\":\"a\",\"data\":{\"x\":1,\"y\":[{\"z\":1,\"z\":2}],\"x\":2},\"evnt\":3}";
    List<EmitBatch.Item> items = items("[%s,%s,[],%s]".formatted(good, bad, good));
    assertEquals(
        List.of("data.y.0.z", "data.x", "evnt"), List.copyOf(errors(items.get(1)).keySet()));
    assertEquals(Set.of("event", "user"), errors(items.get(2)).keySet());
    assertInstanceOf(Parsed.Valid.class, items.get(3).emit());
  }

  @Test
  void aThousandAreABatchAndOneMoreIsNot() {
    List<String> most = Collections.nCopies(EmitLimits.MAX_BATCH, "{}");
    assertEquals(EmitLimits.MAX_BATCH, items("[" + String.join(",", most) + "]").size());
    EmitBatch more = parse("[" + String.join(",", most) + ",{}]");
    assertEquals(
        List.of("The emits field must have between 1 and 1000 items."),
        assertInstanceOf(EmitBatch.Invalid.class, more).errors().get("emits"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "[]; emits",
        "{}; emits",
        "{\"emits\":[]}; emits",
        "{\"emits\":{}}; emits",
        "{\"emits\":null}; emits",
        "{\"emits\":[{}],\"emits\":[{}]}; emits",
        "{\"emits\":[{}],\"emit\":[{}]}; emit",
        "42; body",
        "\"a\"; body"
      })
  void whatIsNoBatchIsRefused(String json, String field) {
    EmitBatch.Invalid invalid = assertInstanceOf(EmitBatch.Invalid.class, parse(json));
    assertEquals(List.of(field), List.copyOf(invalid.errors().keySet()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "[{}", "[{},]", "[{}]x", "[{}][{}]", "{\"emits\":[{}]", "[NaN]"})
  void whatIsNotJsonIsRefused(String json) {
    assertInstanceOf(EmitBatch.NotJson.class, parse(json));
  }
}
