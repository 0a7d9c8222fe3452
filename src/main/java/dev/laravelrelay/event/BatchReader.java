package dev.laravelrelay.event;

import dev.laravelrelay.event.EmitBatch.Item;
import dev.laravelrelay.event.EventCodec.Parsed;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * Reads the emits of a batch, each with problems of its own; those of the batch itself are added to
 * {@code problems}. Single use.
 */
final class BatchReader {

  private final byte[] body;
  private final JsonParser in;
  private final EventCodec codec;
  private final Problems problems;

  BatchReader(byte[] body, JsonParser in, EventCodec codec, Problems problems) {
    this.body = body;
    this.in = in;
    this.codec = codec;
    this.problems = problems;
  }

  /** From an object, its emits; null if it has none. */
  @Nullable List<Item> field() {
    List<Item> emits = null;
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
        emits = items();
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

  /** From the start of an array to its end. */
  List<Item> items() {
    List<Item> emits = new ArrayList<>();
    int count = 0;
    while (in.nextToken() != JsonToken.END_ARRAY) {
      if (count++ < EmitLimits.MAX_BATCH) {
        long start = in.currentTokenLocation().getByteOffset();
        Parsed.Json emit = codec.read(body, in, null, new Problems());
        emits.add(new Item((int) (in.currentLocation().getByteOffset() - start), emit));
      } else {
        in.skipChildren();
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
