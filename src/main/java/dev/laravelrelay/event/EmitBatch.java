package dev.laravelrelay.event;

import dev.laravelrelay.event.EventCodec.Parsed;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.StreamConstraintsException;

/** Several emits in one body: {@code {"emits": [...]}}, or the array alone. */
public sealed interface EmitBatch {

  /** The emits, in their order; at least one. */
  record Items(List<Item> emits) implements EmitBatch {}

  /**
   * One of them, whole or bad on its own.
   *
   * @param bytes how long it was
   */
  record Item(int bytes, Parsed.Json emit) {}

  /**
   * JSON, but no batch.
   *
   * @param errors sentences by field; never empty
   */
  record Invalid(Map<String, List<String>> errors) implements EmitBatch {}

  /** Not even JSON. */
  record NotJson(String message) implements EmitBatch {}

  /**
   * Reads a batch. One that is too long is refused whole.
   *
   * @param body not to be written to any more: the events' data may be slices of it
   */
  static EmitBatch parse(byte[] body, EventCodec codec) {
    String notJson = JsonText.problem(body);
    if (notJson != null) {
      return new NotJson(notJson);
    }
    Problems problems = new Problems();
    List<Item> emits = null;
    try (JsonParser in = JsonText.parser(body)) {
      BatchReader reader = new BatchReader(body, in, codec, problems);
      JsonToken first = in.nextToken();
      if (first == null) {
        return new NotJson(JsonText.EMPTY);
      }
      if (first == JsonToken.START_ARRAY) {
        emits = reader.items();
      } else if (first == JsonToken.START_OBJECT) {
        emits = reader.field();
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
}
