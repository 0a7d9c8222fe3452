package dev.laravelrelay.e2e.faults;

import dev.laravelrelay.e2e.faults.Emits.Emitted;
import dev.laravelrelay.testing.StockClient;
import dev.laravelrelay.testing.StockClient.Heard;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.json.JSONObject;

/**
 * What a run came to.
 *
 * @param lost events that their user's listener was never called with
 * @param falseVerdicts events that were answered as confirmed before, or without, that call
 * @param disordered events whose first arrival came behind that of a later one of the same user
 * @param receiptP50 milliseconds from emit to reply of what was confirmed
 */
record FaultReport(
    FaultRun.Settings settings,
    int drops,
    int events,
    int repeats,
    List<Emitted> lost,
    List<Emitted> falseVerdicts,
    List<Integer> disordered,
    Map<String, Long> verdicts,
    double receiptP50,
    double receiptP99) {

  /** What the phones heard so far; the phone's place in the list is its user. */
  record Arrivals(List<StockClient> phones) {

    /** When each event first arrived at the user, in that order. */
    Map<Integer, Long> firstOf(int user) {
      Map<Integer, Long> first = new LinkedHashMap<>();
      for (Heard heard : phones.get(user).heard("ring")) {
        first.putIfAbsent(number(heard), heard.nanos());
      }
      return first;
    }

    /** npm replays before its CONNECT, and then the Java client gives the event's name first. */
    private static int number(Heard heard) {
      return heard.args().stream()
          .filter(JSONObject.class::isInstance)
          .map(data -> ((JSONObject) data).optInt("n"))
          .findFirst()
          .orElseThrow();
    }

    long missing(List<Emitted> emitted) {
      Map<Integer, Map<Integer, Long>> first = new HashMap<>();
      return emitted.stream()
          .filter(
              one -> !first.computeIfAbsent(one.user(), this::firstOf).containsKey(one.number()))
          .count();
    }

    int repeats() {
      int repeats = 0;
      for (int user = 0; user < phones.size(); user++) {
        repeats += phones.get(user).count("ring") - firstOf(user).size();
      }
      return repeats;
    }
  }

  static FaultReport of(
      FaultRun.Settings settings, int drops, List<Emitted> emitted, Arrivals arrivals) {
    List<Emitted> lost = new ArrayList<>();
    List<Emitted> falseVerdicts = new ArrayList<>();
    Map<Integer, Map<Integer, Long>> first = new HashMap<>();
    for (Emitted one : emitted) {
      Long arrivedAt = first.computeIfAbsent(one.user(), arrivals::firstOf).get(one.number());
      if (arrivedAt == null) {
        lost.add(one);
      }
      boolean heardBefore = arrivedAt != null && arrivedAt - one.repliedAt() <= 0;
      if (one.verdict().equals("confirmed") && !heardBefore) {
        falseVerdicts.add(one);
      }
    }
    double[] receipts =
        emitted.stream()
            .filter(one -> one.verdict().equals("confirmed"))
            .mapToDouble(Emitted::elapsedMillis)
            .sorted()
            .toArray();
    return new FaultReport(
        settings,
        drops,
        emitted.size(),
        arrivals.repeats(),
        lost,
        falseVerdicts,
        disordered(first),
        emitted.stream()
            .collect(Collectors.groupingBy(Emitted::verdict, TreeMap::new, Collectors.counting())),
        percentile(receipts, 50),
        percentile(receipts, 99));
  }

  private static List<Integer> disordered(Map<Integer, Map<Integer, Long>> first) {
    List<Integer> disordered = new ArrayList<>();
    for (Map<Integer, Long> arrivals : first.values()) {
      int newest = 0;
      for (int number : arrivals.keySet()) {
        if (number < newest) {
          disordered.add(number);
        }
        newest = Math.max(newest, number);
      }
    }
    return disordered;
  }

  private static double percentile(double[] sorted, int percent) {
    int rank = (int) Math.ceil(sorted.length * percent / 100.0);
    return sorted.length == 0 ? 0 : sorted[Math.max(rank, 1) - 1];
  }

  /** For people. */
  String text(String title) {
    return String.format(
        Locale.ROOT,
        """
        %s: %d phones, %d drops, %d events in %d s with hold %d
          verdicts %s
          repeats %d, lost %d (%.1f %%), %d of them said to be sent, out of order %d, false verdicts %d
          receipt p50 %.1f ms, p99 %.1f ms""",
        title,
        settings.phones(),
        drops,
        events,
        settings.time().toSeconds(),
        settings.hold(),
        verdicts,
        repeats,
        lost.size(),
        100.0 * lost.size() / events,
        lost.stream().filter(one -> one.verdict().equals("sent")).count(),
        disordered.size(),
        falseVerdicts.size(),
        receiptP50,
        receiptP99);
  }
}
