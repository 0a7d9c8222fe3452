package dev.laravelrelay.config;

import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers with a unit, as they are written in settings: {@code 25s}, {@code 64k}. */
final class Quantity {

  private static final Pattern SHAPE = Pattern.compile("(\\d{1,18})([a-z]*)");
  private static final Map<String, Long> MILLIS =
      Map.of("ms", 1L, "s", 1_000L, "m", 60_000L, "h", 3_600_000L);
  private static final Map<String, Long> BYTES =
      Map.of("", 1L, "k", 1L << 10, "m", 1L << 20, "g", 1L << 30);

  private Quantity() {}

  /** A duration in milliseconds; without a unit only 0 is one. */
  static OptionalLong millis(String text) {
    return text.equals("0") ? OptionalLong.of(0) : parse(text, MILLIS);
  }

  /** A size in bytes. */
  static OptionalLong bytes(String text) {
    return parse(text, BYTES);
  }

  /** A plain number. */
  static OptionalLong number(String text) {
    return parse(text, Map.of("", 1L));
  }

  /** Milliseconds in their largest whole unit. */
  static String showMillis(long millis) {
    if (millis == 0) {
      return "0";
    }
    return millis % 3_600_000 == 0
        ? millis / 3_600_000 + "h"
        : millis % 60_000 == 0
            ? millis / 60_000 + "m"
            : millis % 1_000 == 0 ? millis / 1_000 + "s" : millis + "ms";
  }

  /** Bytes in their largest whole unit. */
  static String showBytes(long bytes) {
    if (bytes == 0) {
      return "0";
    }
    return bytes % (1L << 30) == 0
        ? (bytes >> 30) + "g"
        : bytes % (1L << 20) == 0
            ? (bytes >> 20) + "m"
            : bytes % (1L << 10) == 0 ? (bytes >> 10) + "k" : Long.toString(bytes);
  }

  private static OptionalLong parse(String text, Map<String, Long> units) {
    Matcher matcher = SHAPE.matcher(text.toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      return OptionalLong.empty();
    }
    Long unit = units.get(matcher.group(2));
    if (unit == null) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(Math.multiplyExact(Long.parseLong(matcher.group(1)), unit));
    } catch (ArithmeticException tooLarge) {
      return OptionalLong.of(Long.MAX_VALUE);
    }
  }
}
