package dev.laravelrelay.event;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.StreamConstraintsException;

/** Several emits in one body: {@code {"emits": [...]}}, or the array alone. */
public sealed interface EmitBatch {

  /** The emits, not yet read: each for {@link EventCodec#parse}. Copies; at least one. */
  record Items(List<byte[]> emits) implements EmitBatch {}

  /**
   * JSON, but no batch.
   *
   * @param errors sentences by field; never empty
   */
  record Invalid(Map<String, List<String>> errors) implements EmitBatch {}

  /** Not even JSON. */
  record NotJson(String message) implements EmitBatch {}

  /** Takes a batch apart. One that is too long is refused whole. */
  static EmitBatch split(byte[] body) {
    String notJson = JsonText.problem(body);
    if (notJson != null) {
      return new NotJson(notJson);
    }
    Problems problems = new Problems();
    List<byte[]> emits = null;
    try (JsonParser in = JsonText.parser(body)) {
      JsonToken first = in.nextToken();
      if (first == null) {
        return new NotJson(JsonText.EMPTY);
      }
      if (first == JsonToken.START_ARRAY) {
        emits = items(body, in, problems);
      } else if (first == JsonToken.START_OBJECT) {
        emits = field(body, in, problems);
      } else {
        problems.add("body", "The body must be a JSON object or array.");
      }
      if (in.nextToken() != null) {
        return new NotJson(JsonText.GOES_ON);
      }
    } catch (StreamConstraintsException tooMuch) {
      JsonText.report(tooMuch, problems);
    } catch (JacksonException malformed) {
      return new NotJson(JsonText.problem(malformed));
    }
    return problems.any() || emits == null ? new Invalid(problems.byField()) : new Items(emits);
  }

  private static @Nullable List<byte[]> field(byte[] body, JsonParser in, Problems problems) {
    List<byte[]> emits = null;
    boolean seen = false;
    for (String name = in.nextName(); name != null; name = in.nextName()) {
      JsonToken value = in.nextToken();
      if (!name.equals("emits")) {
        String shown = Problems.shown(name);
        problems.add(shown, "The field %s is unknown. Did you mean emits?".formatted(shown));
      } else if (seen) {
        problems.add(name, "The emits field is given twice.");
      } else if (value != JsonToken.START_ARRAY) {
        problems.add(name, "The emits field must be an array.");
      }
      if (name.equals("emits") && !seen && value == JsonToken.START_ARRAY) {
        emits = items(body, in, problems);
      } else {
        in.skipChildren();
      }
      seen |= name.equals("emits");
    }
    if (!seen) {
      problems.add("emits", "The emits field is required.");
    }
    return emits;
  }

  private static List<byte[]> items(byte[] body, JsonParser in, Problems problems) {
    List<byte[]> emits = new ArrayList<>();
    int count = 0;
    while (in.nextToken() != JsonToken.END_ARRAY) {
      int start = (int) in.currentTokenLocation().getByteOffset();
      in.skipChildren();
      in.finishToken();
      if (count++ < EmitLimits.MAX_BATCH) {
        int end = (int) in.currentLocation().getByteOffset();
        emits.add(Arrays.copyOfRange(body, start, end));
      }
    }
    if (count < 1 || count > EmitLimits.MAX_BATCH) {
      problems.add(
          "emits",
          "The emits field must have between 1 and %d items.".formatted(EmitLimits.MAX_BATCH));
    }
    return emits;
  }
}
