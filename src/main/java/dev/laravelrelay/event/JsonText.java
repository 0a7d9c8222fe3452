package dev.laravelrelay.event;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.JsonRecyclerPools;

/**
 * JSON as it comes in: UTF-8 without a byte order mark (RFC 8259). Jackson alone would also take
 * UTF-16 and let malformed UTF-8 through where it skips.
 */
final class JsonText {

  static final String EMPTY = "The body is empty; a JSON object is expected.";
  static final String GOES_ON = "The body goes on after the end of the JSON.";

  /** Deeper than any limit of ours, so that ours can be reported, and bounded all the same. */
  private static final int PARSER_DEPTH = 1_000;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .recyclerPool(JsonRecyclerPools.threadLocalPool())
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(PARSER_DEPTH)
                  .maxNumberLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final long HIGH_BITS = 0x8080808080808080L;

  /** What the parser tells its programmer, not the sender. */
  private static final Pattern PARSER_ADVICE =
      Pattern.compile(
          " \\((start marker at|not recognized as one since) .*|: enable `.*", Pattern.DOTALL);

  private JsonText() {}

  static JsonParser parser(byte[] body) {
    return FACTORY.createParser(ObjectReadContext.empty(), body);
  }

  /** Why these bytes cannot be JSON text, or null if they may be. */
  static @Nullable String problem(byte[] body) {
    if (body.length == 0) {
      return EMPTY;
    }
    if (startsWith(body, 0xEF, 0xBB, 0xBF)) {
      return "The body starts with a byte order mark; JSON has none.";
    }
    if (body[0] == 0 || (body.length > 1 && body[1] == 0) || startsWith(body, 0xFF, 0xFE)) {
      return "The body is not UTF-8 but UTF-16 or UTF-32.";
    }
    int at = invalidUtf8(body);
    return at < 0 ? null : "The body is not valid UTF-8 (byte " + at + ").";
  }

  /** What the parser complained about, and where. */
  static String problem(JacksonException malformed) {
    TokenStreamLocation location = malformed.getLocation();
    String where = location == null ? "" : " (byte " + location.getByteOffset() + ")";
    String what = PARSER_ADVICE.matcher(malformed.getOriginalMessage()).replaceFirst("");
    return "The body is not valid JSON: " + what + where;
  }

  /** Adds what the parser would not do: nest deeper, or hash names that collide on purpose. */
  static void report(StreamConstraintsException tooMuch, Problems problems) {
    if (!problems.any()) {
      problems.add("body", "The body is refused: " + tooMuch.getOriginalMessage());
    }
  }

  /** Reads to the end, so that what is malformed is found. */
  static void drain(JsonParser in) {
    while (in.nextToken() != null) {
      in.skipChildren();
    }
  }

  private static boolean startsWith(byte[] body, int... start) {
    for (int i = 0; i < start.length; i++) {
      if (body.length <= i || (body[i] & 0xFF) != start[i]) {
        return false;
      }
    }
    return true;
  }

  /** The index of the first sequence that is not UTF-8 (Unicode 17, table 3-7), or -1. */
  private static int invalidUtf8(byte[] body) {
    int at = 0;
    while (at < body.length) {
      if (at + Long.BYTES <= body.length && ((long) LONGS.get(body, at) & HIGH_BITS) == 0) {
        at += Long.BYTES;
      } else if (body[at] >= 0) {
        at++;
      } else {
        int length = sequence(body, at);
        if (length == 0) {
          return at;
        }
        at += length;
      }
    }
    return -1;
  }

  /** The length of the multi-byte sequence at this index; 0 if it is malformed. */
  private static int sequence(byte[] body, int at) {
    int first = body[at] & 0xFF;
    int second = byteAt(body, at + 1);
    if (first >= 0xC2 && first <= 0xDF) {
      return continues(second) ? 2 : 0;
    }
    if (first >= 0xE0 && first <= 0xEF) {
      boolean overlong = first == 0xE0 && second < 0xA0;
      boolean surrogate = first == 0xED && second >= 0xA0;
      return continues(second) && !overlong && !surrogate && continues(byteAt(body, at + 2))
          ? 3
          : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
      boolean overlong = first == 0xF0 && second < 0x90;
      boolean tooHigh = first == 0xF4 && second >= 0x90;
      boolean tail = continues(byteAt(body, at + 2)) && continues(byteAt(body, at + 3));
      return continues(second) && !overlong && !tooHigh && tail ? 4 : 0;
    }
    return 0;
  }

  private static int byteAt(byte[] body, int at) {
    return at < body.length ? body[at] & 0xFF : 0;
  }

  private static boolean continues(int value) {
    return (value & 0xC0) == 0x80;
  }

  /** Whether {@code body[start, end)}, well-formed JSON, spells half a surrogate pair. */
  static boolean hasLoneSurrogate(byte[] body, int start, int end) {
    boolean high = false;
    int at = start;
    while (at < end) {
      boolean low = false;
      boolean next = false;
      int step = 1;
      if (body[at] == '\\') {
        step = 2;
        if (body[at + 1] == 'u') {
          step = 6;
          char unit = unit(body, at + 2);
          next = Character.isHighSurrogate(unit);
          low = Character.isLowSurrogate(unit);
        }
      }
      if (high != low) {
        return true;
      }
      high = next;
      at += step;
    }
    return high;
  }

  private static char unit(byte[] body, int at) {
    int unit = 0;
    for (int i = at; i < at + 4; i++) {
      unit = unit << 4 | Character.digit(body[i], 16);
    }
    return (char) unit;
  }
}
