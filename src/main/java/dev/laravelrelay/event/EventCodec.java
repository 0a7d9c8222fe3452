package dev.laravelrelay.event;

import dev.laravelrelay.config.DeliveryConfig;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.StreamConstraintsException;

/**
 * Makes events of the JSON in which emitters ask for them, whatever way it came. Either the event
 * is whole and within {@link EmitLimits}, or every problem is named and there is no event. {@code
 * data} is checked but never built: the event carries the very bytes that came. Safe from any
 * thread.
 */
public final class EventCodec {

  /** What a body came to. */
  public sealed interface Parsed {

    /** An event. */
    record Valid(EmitRequest request) implements Parsed {}

    /**
     * JSON, but no event.
     *
     * @param errors sentences by field, in dot form; never empty
     */
    record Invalid(Map<String, List<String>> errors) implements Parsed {}

    /** Not even JSON. */
    record NotJson(String message) implements Parsed {}
  }

  private final int holdDefaultSeconds;
  private final InstantSource clock;

  public EventCodec(DeliveryConfig config, InstantSource clock) {
    this.holdDefaultSeconds = config.holdDefaultSeconds();
    this.clock = clock;
  }

  /**
   * Reads one emit.
   *
   * @param body not to be written to any more: the event's data may be a slice of it
   * @param idempotencyKey one that came beside the body; the body's {@code id} must be the same
   */
  public Parsed parse(byte[] body, @Nullable String idempotencyKey) {
    String notJson = JsonText.problem(body);
    if (notJson != null) {
      return new Parsed.NotJson(notJson);
    }
    Problems problems = new Problems();
    try (JsonParser in = JsonText.parser(body)) {
      EmitReader reader = new EmitReader(body, in, problems);
      JsonToken first = in.nextToken();
      if (first == null) {
        return new Parsed.NotJson(JsonText.EMPTY);
      }
      boolean object = first == JsonToken.START_OBJECT;
      if (object) {
        reader.read();
      }
      if (!object && !isEmptyArray(first, in)) {
        problems.add("body", "The body must be a JSON object.");
        JsonText.drain(in);
      } else if (in.nextToken() != null) {
        return new Parsed.NotJson(JsonText.GOES_ON);
      } else {
        EmitRequest request = reader.finish(idempotencyKey, holdDefaultSeconds, clock.millis());
        if (!problems.any()) {
          return new Parsed.Valid(request);
        }
      }
    } catch (StreamConstraintsException tooMuch) {
      JsonText.report(tooMuch, problems);
    } catch (JacksonException malformed) {
      return new Parsed.NotJson(JsonText.problem(malformed));
    }
    return new Parsed.Invalid(problems.byField());
  }

  /** What PHP makes of an object without fields. */
  private static boolean isEmptyArray(JsonToken first, JsonParser in) {
    return first == JsonToken.START_ARRAY && in.nextToken() == JsonToken.END_ARRAY;
  }
}
