package dev.laravelrelay.event;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The fields of an emit. */
enum Field {
  USER,
  USERS,
  CHANNEL,
  CHANNELS,
  SOCKET,
  EVERYONE,
  EVENT,
  DATA,
  HOLD,
  CONFIRM,
  COLLAPSE_KEY,
  EXCEPT,
  ID,
  CALL;

  private static final Map<String, Field> BY_KEY = new HashMap<>();

  /** Further than this a name is no misspelling. */
  private static final int NEAR = 2;

  static {
    for (Field field : values()) {
      BY_KEY.put(field.key, field);
    }
  }

  final String key = name().toLowerCase(Locale.ROOT);

  static @Nullable Field of(String key) {
    return BY_KEY.get(key);
  }

  /** Whether it says to whom the event goes. */
  boolean isTarget() {
    return compareTo(EVERYONE) <= 0;
  }

  /** The field whose name is nearest to an unknown one, if any is near. */
  static @Nullable Field nearest(String unknown) {
    if (unknown.length() > 40) {
      return null;
    }
    String name = unknown.toLowerCase(Locale.ROOT).replace('-', '_');
    Field nearest = null;
    int least = NEAR + 1;
    for (Field field : values()) {
      int distance = name.startsWith(field.key + "_") ? 1 : distance(name, field.key);
      if (distance < least && distance < field.key.length()) {
        least = distance;
        nearest = field;
      }
    }
    return nearest;
  }

  /** How many characters must be added, removed or replaced (Levenshtein). */
  private static int distance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] row = new int[b.length() + 1];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(replaced, 1 + Math.min(previous[j], row[j - 1]));
      }
      previous = row;
    }
    return previous[b.length()];
  }
}
