package dev.laravelrelay.event;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What is wrong with one body, by field in dot form, in the order found. Not thread-safe. */
final class Problems {

  private static final int SHOWN = 100;

  private Map<String, List<String>> byField = Map.of();

  /** Adds a problem; beyond {@link EmitLimits#MAX_PROBLEMS} fields it is dropped. */
  void add(String field, String sentence) {
    if (byField.isEmpty()) {
      byField = new LinkedHashMap<>();
    }
    String key = shown(field);
    if (byField.size() < EmitLimits.MAX_PROBLEMS || byField.containsKey(key)) {
      List<String> sentences = byField.computeIfAbsent(key, _ -> new ArrayList<>(1));
      if (sentences.size() < EmitLimits.MAX_PROBLEMS) {
        sentences.add(sentence);
      }
    }
  }

  boolean any() {
    return !byField.isEmpty();
  }

  Map<String, List<String>> byField() {
    return Collections.unmodifiableMap(byField);
  }

  /** A name from the body, fit to be shown: short, and without what cannot be printed. */
  static String shown(String name) {
    StringBuilder text = new StringBuilder(Math.min(name.length(), SHOWN + 1));
    for (int i = 0; i < name.length() && i < SHOWN; i++) {
      char c = name.charAt(i);
      text.append(Character.isISOControl(c) || Character.isSurrogate(c) ? '?' : c);
    }
    return name.length() > SHOWN ? text.append('…').toString() : text.toString();
  }
}
