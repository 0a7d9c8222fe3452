package dev.laravelrelay.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All figures of all rounds, by contender. */
final class Results {

  private final Map<String, Map<Metric, List<Double>>> figures = new LinkedHashMap<>();
  private final Map<String, String> missing = new LinkedHashMap<>();

  /** Before each stage. */
  final Quiet quiet = new Quiet();

  private final List<String> failures = new ArrayList<>();

  void add(String contender, Metric metric, double value) {
    figures
        .computeIfAbsent(contender, name -> new EnumMap<>(Metric.class))
        .computeIfAbsent(metric, m -> new ArrayList<>())
        .add(value);
    System.err.printf("    %-18s %,12.3f %s%n", metric, value, metric.unit);
  }

  /** A stage did not end; what it should have measured is not there. */
  void failed(String contender, Stage stage, Exception why) {
    String failure = "%s, %s: %s".formatted(contender, stage, why);
    System.err.println("    FAILED " + failure);
    failures.add(failure);
  }

  List<String> failures() {
    return failures;
  }

  /** Could not be measured, and why. */
  void missing(String contender, String why) {
    missing.put(contender, why);
  }

  Map<String, String> missing() {
    return missing;
  }

  List<String> contenders() {
    return List.copyOf(figures.keySet());
  }

  /** What each round came to, smallest first. */
  List<Double> rounds(String contender, Metric metric) {
    List<Double> sorted =
        new ArrayList<>(figures.getOrDefault(contender, Map.of()).getOrDefault(metric, List.of()));
    Collections.sort(sorted);
    return sorted;
  }

  @Nullable Double median(String contender, Metric metric) {
    List<Double> sorted = rounds(contender, metric);
    int middle = sorted.size() / 2;
    if (sorted.isEmpty()) {
      return null;
    }
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  Map<Metric, Double> medians(String contender) {
    Map<Metric, Double> medians = new EnumMap<>(Metric.class);
    for (Metric metric : Metric.values()) {
      Double median = median(contender, metric);
      if (median != null) {
        medians.put(metric, median);
      }
    }
    return medians;
  }
}
