package dev.laravelrelay.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EmitBatchTest {

  private static EmitBatch split(String json) {
    return EmitBatch.split(json.getBytes(StandardCharsets.UTF_8));
  }

  private static List<String> items(String json) {
    return assertInstanceOf(EmitBatch.Items.class, split(json)).emits().stream()
        .map(emit -> new String(emit, StandardCharsets.UTF_8))
        .toList();
  }

  @Test
  void theEmitsAreTakenApartAsTheyCame() {
    List<String> emits = List.of("{ \"a\" : 1 }", "42", "\"é\\n\"", "[[]]", "null", "-1.50");
    assertEquals(emits, items("{\"emits\":[" + String.join(", ", emits) + "]}"));
    assertEquals(emits, items("[" + String.join("\n,", emits) + " ]"));
  }

  @Test
  void aThousandAreABatchAndOneMoreIsNot() {
    List<String> most = Collections.nCopies(EmitLimits.MAX_BATCH, "{}");
    assertEquals(most, items("[" + String.join(",", most) + "]"));
    EmitBatch more = split("[" + String.join(",", most) + ",{}]");
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
    EmitBatch.Invalid invalid = assertInstanceOf(EmitBatch.Invalid.class, split(json));
    assertEquals(List.of(field), List.copyOf(invalid.errors().keySet()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "[{}", "[{},]", "[{}]x", "[{}][{}]", "{\"emits\":[{}]", "[NaN]"})
  void whatIsNotJsonIsRefused(String json) {
    assertInstanceOf(EmitBatch.NotJson.class, split(json));
  }
}
