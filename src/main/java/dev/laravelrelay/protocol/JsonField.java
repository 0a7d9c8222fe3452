package dev.laravelrelay.protocol;

import dev.laravelrelay.event.RawJson;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * One field of a JSON object that a client sent, whatever else is in it: numbers and names may be
 * as long as the message, and are not converted. Stateless; from any thread.
 */
public final class JsonField {

  private JsonField() {}

  /** The field's string; null if it holds none, or the JSON is no object. */
  public static @Nullable String string(RawJson json, String field) {
    return read(json, field, token -> token == JsonToken.VALUE_STRING);
  }

  /** The field's string, number or boolean as text: Java's clients can send strings only. */
  public static @Nullable String scalar(RawJson json, String field) {
    return read(json, field, token -> token.isScalarValue() && token != JsonToken.VALUE_NULL);
  }

  /** Of a field that is given twice, the last. */
  private static @Nullable String read(RawJson json, String field, Predicate<JsonToken> wanted) {
    String found = null;
    try (JsonParser parser = Json.parser(json.toBytes())) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return null;
      }
      for (String name = parser.nextName(); name != null; name = parser.nextName()) {
        JsonToken value = parser.nextToken();
        if (name.equals(field)) {
          found = wanted.test(value) ? parser.getString() : null;
        }
        parser.skipChildren();
      }
    }
    return found;
  }
}
