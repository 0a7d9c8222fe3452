package dev.laravelrelay.event;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonParser.NumberType;
import tools.jackson.core.JsonToken;

/** Reads single values, in whose place anything may stand. Problems in Laravel's words. */
final class Values {

  /** As long as any 64-bit integer. */
  private static final int LONGEST_INTEGER = 20;

  private final JsonParser in;
  private final Problems problems;

  Values(JsonParser in, Problems problems) {
    this.in = in;
    this.problems = problems;
  }

  /** A user's id: an integer or a string, 42 and "42" being one. Null after a problem. */
  @Nullable String user(String path) {
    return switch (in.currentToken()) {
      case VALUE_STRING -> text(path);
      case VALUE_NUMBER_INT -> {
        if (isLong()) {
          yield Long.toString(in.getLongValue());
        }
        yield refuse(path, "must be between -2^63 and 2^63 - 1, or a string.");
      }
      default -> refuse(path, "must be an integer or a string.");
    };
  }

  /** A string of at most {@link EmitLimits#MAX_TEXT}. Null after a problem. */
  @Nullable String text(String path) {
    return text(path, EmitLimits.MAX_TEXT);
  }

  /** A string that is neither empty nor longer than this. Null after a problem. */
  @Nullable String text(String path, int most) {
    if (in.currentToken() != JsonToken.VALUE_STRING) {
      return refuse(path, "must be a string.");
    }
    String text = in.getString();
    String problem = textProblem(text, most);
    return problem == null ? text : refuse(path, problem);
  }

  /** An idempotency key. Null after a problem. */
  @Nullable String key(String path) {
    if (in.currentToken() != JsonToken.VALUE_STRING) {
      return refuse(path, "must be a string.");
    }
    String key = in.getString();
    String problem = keyProblem(key);
    return problem == null ? key : refuse(path, problem);
  }

  /** An integer from 0 to {@code most}. 0 after a problem. */
  int integer(String path, int most) {
    return integer(path, 0, most);
  }

  /** An integer from {@code least}, not negative, to {@code most}. The least after a problem. */
  int integer(String path, int least, int most) {
    if (in.currentToken() != JsonToken.VALUE_NUMBER_INT) {
      refuse(path, "must be an integer.");
      return least;
    }
    long value = isLong() ? in.getLongValue() : -1;
    if (value < least || value > most) {
      refuse(path, "must be between %d and %d.".formatted(least, most));
      return least;
    }
    return (int) value;
  }

  /** Whether it is {@code true}; anything else is a problem. */
  boolean isTrue(String path) {
    if (in.currentToken() == JsonToken.VALUE_TRUE) {
      return true;
    }
    refuse(path, "must be true.");
    return false;
  }

  private boolean isLong() {
    return in.getStringLength() <= LONGEST_INTEGER && in.getNumberType() != NumberType.BIG_INTEGER;
  }

  private @Nullable String refuse(String path, String problem) {
    in.skipChildren();
    problems.add(path, "The " + path + " field " + problem);
    return null;
  }

  /** What is wrong with such a text; null if nothing. */
  static @Nullable String textProblem(String text, int most) {
    int length = text.length();
    if (length < 1 || length > most) {
      return "must be between 1 and %d characters.".formatted(most);
    }
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (Character.isISOControl(c)) {
        return "must not contain control characters.";
      }
      if (Character.isSurrogate(c)) {
        boolean pair = i + 1 < length && Character.isSurrogatePair(c, text.charAt(i + 1));
        if (!pair) {
          return "must not contain half of a surrogate pair.";
        }
        i++;
      }
    }
    return null;
  }

  /** What is wrong with an idempotency key, which may also be a header; null if nothing. */
  static @Nullable String keyProblem(String key) {
    if (key.isEmpty() || key.length() > EmitLimits.MAX_TEXT) {
      return "must be between 1 and %d characters.".formatted(EmitLimits.MAX_TEXT);
    }
    boolean printable = key.chars().allMatch(c -> c >= ' ' && c <= '~');
    return printable ? null : "must be of printable ASCII characters.";
  }
}
