package dev.laravelrelay.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Measures the relay and its peers in turn and writes {@code target/bench/summary.json}, a table
 * and a plot. Arguments: {@code --quick}, {@code --rounds=1}, {@code --only=emit,batch} (see {@link
 * Stage}), and the names of contenders if not all are meant. The relay's JVM flags come from the
 * variable JVM_FLAGS.
 */
public final class Bench {

  private static final Path OUT = Path.of("target", "bench");

  private static final String ROUNDS = "--rounds=";
  private static final String ONLY = "--only=";

  private Bench() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    List<String> words = Arrays.asList(args);
    boolean quick = words.contains("--quick");
    Pace pace = (quick ? Pace.QUICK : Pace.WHOLE).withRounds(rounds(words));
    List<String> named = words.stream().filter(word -> !word.startsWith("--")).toList();
    List<String> flags = Contender.flags(System.getenv().getOrDefault("JVM_FLAGS", ""));
    Results results = new Results();
    List<Contender> contenders =
        List.of(
                Contender.relay(flags, Map.of()),
                Contender.socketIo(),
                Contender.nettySocketIo(flags))
            .stream()
            .filter(one -> named.isEmpty() ? !quick || one.isInQuick() : named.contains(one.name()))
            .filter(one -> isInstalled(one, results))
            .toList();
    Set<Stage> stages = stages(words, pace);
    for (int round = 1; round <= pace.rounds(); round++) {
      System.err.printf(
          "round %d of %d, load average %s%n", round, pace.rounds(), Machine.loadAverage());
      if (named.isEmpty() || named.contains(Contender.RELAY)) {
        relayAlone(flags, pace, stages, results);
      }
      if (stages.contains(Stage.FLOOR)) {
        results.quiet.await(pace.quietSeconds());
        Floor.run(results);
      }
      for (Contender contender : contenders) {
        System.err.println(contender.name());
        Trial.run(contender, pace, contender.inMemory(stages), results);
      }
    }
    if (stages.contains(Stage.GROWTH)) {
      Trial.run(Contender.relay(flags, Map.of()), pace, EnumSet.of(Stage.GROWTH), results);
    }
    write(results);
    System.exit(0);
  }

  private static void relayAlone(List<String> flags, Pace pace, Set<Stage> stages, Results results)
      throws IOException, InterruptedException {
    if (stages.contains(Stage.START)) {
      StartTrial.train(flags);
      results.quiet.await(pace.quietSeconds());
      StartTrial.run(flags, results);
    }
    Trial.overRedis(flags, pace, Stage.both(stages, Stage.OVER_REDIS), results);
  }

  /** All, or those that are named; the quick benchmark has no time for some. */
  private static Set<Stage> stages(List<String> words, Pace pace) {
    Set<Stage> stages =
        words.stream()
            .filter(word -> word.startsWith(ONLY))
            .map(word -> Stage.named(word.substring(ONLY.length())))
            .findFirst()
            .orElse(EnumSet.allOf(Stage.class));
    if (pace.rest() == 0) {
      stages.remove(Stage.REST);
      stages.remove(Stage.GROWTH);
      stages.remove(Stage.FLOOR);
    }
    return stages;
  }

  private static int rounds(List<String> words) {
    return words.stream()
        .filter(word -> word.startsWith(ROUNDS))
        .mapToInt(word -> Integer.parseInt(word.substring(ROUNDS.length())))
        .findFirst()
        .orElse(0);
  }

  private static boolean isInstalled(Contender contender, Results results) {
    if (!contender.isInstalled()) {
      results.missing(contender.name(), "not measured: it could not be installed");
    }
    return contender.isInstalled();
  }

  private static void write(Results results) throws IOException {
    Report report = new Report(results, Machine.describe() + "; " + results.quiet.describe());
    report.writeSummary(OUT.resolve("summary.json"));
    Files.writeString(OUT.resolve("table.md"), report.table());
    Files.writeString(OUT.resolve("plot.svg"), Plot.svg(results));
    System.out.println(report.table());
    System.out.println("Written: " + OUT + "/summary.json, table.md, plot.svg");
  }
}
