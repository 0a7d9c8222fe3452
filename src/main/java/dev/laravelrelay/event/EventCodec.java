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

    /** JSON: an event, or not. */
    sealed interface Json extends Parsed {}

    /** An event. */
    record Valid(EmitRequest request) implements Json {}

    /**
     * JSON, but no event.
     *
     * @param errors sentences by field, in dot form; never empty
     */
    record Invalid(Map<String, List<String>> errors) implements Json {}

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
      if (in.nextToken() == null) {
        return new Parsed.NotJson(JsonText.EMPTY);
      }
      Parsed.Json parsed = read(body, in, idempotencyKey, problems);
      return in.nextToken() == null ? parsed : new Parsed.NotJson(JsonText.GOES_ON);
    } catch (StreamConstraintsException tooMuch) {
      JsonText.report(tooMuch, problems);
      return new Parsed.Invalid(problems.byField());
    } catch (JacksonException malformed) {
      return new Parsed.NotJson(JsonText.problem(malformed));
    }
  }

  /**
   * Reads the emit whose first token the parser is at, and leaves it at the last.
   *
   * @param problems none yet; those of this emit are added
   */
  Parsed.Json read(byte[] body, JsonParser in, @Nullable String idempotencyKey, Problems problems) {
    EmitReader reader = new EmitReader(body, in, problems);
    boolean object = in.currentToken() == JsonToken.START_OBJECT;
    if (object) {
      reader.read();
    }
    if (!object && !isEmptyArray(in)) {
      problems.add("body", "The body must be a JSON object.");
      return new Parsed.Invalid(problems.byField());
    }
    EmitRequest request = reader.finish(idempotencyKey, holdDefaultSeconds, clock.millis());
    return problems.any() ? new Parsed.Invalid(problems.byField()) : new Parsed.Valid(request);
  }

  /** Whether it is what PHP makes of an object without fields; reads the value to its end. */
  private static boolean isEmptyArray(JsonParser in) {
    if (in.currentToken() != JsonToken.START_ARRAY) {
      in.finishToken();
      return false;
    }
    boolean empty = in.nextToken() == JsonToken.END_ARRAY;
    while (in.currentToken() != JsonToken.END_ARRAY) {
      in.skipChildren();
      in.nextToken();
    }
    return empty;
  }
}
