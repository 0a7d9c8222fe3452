package dev.laravelrelay.lifecycle;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether the relay can do its job: the conjunction of named conditions. Each part registers its
 * own. Safe from any thread; a condition must answer at once.
 */
public final class Readiness {

  private final Map<String, Supplier<@Nullable String>> conditions = new ConcurrentSkipListMap<>();

  /**
   * Registers a condition.
   *
   * @param problem null while it holds, else one sentence that says what is wrong
   */
  public void require(String name, Supplier<@Nullable String> problem) {
    conditions.put(name, problem);
  }

  /** Whether every condition holds. */
  public boolean isReady() {
    return problems().isEmpty();
  }

  /** The conditions that do not hold, by name, with what is wrong. */
  public Map<String, String> problems() {
    Map<String, String> problems = new TreeMap<>();
    conditions.forEach(
        (name, condition) -> {
          String problem = condition.get();
          if (problem != null) {
            problems.put(name, problem);
          }
        });
    return problems;
  }

  /** Every condition by name: {@code ok} or what is wrong. */
  public Map<String, String> report() {
    Map<String, String> report = new TreeMap<>();
    conditions.keySet().forEach(name -> report.put(name, "ok"));
    report.putAll(problems());
    return report;
  }
}
