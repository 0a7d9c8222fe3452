package dev.laravelrelay.bench;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/**
 * A simulation of many relays on one Redis or on the shards of a Cluster: emits and reconnects come
 * at random times to random users; each is work for the shard that has the user, which does one
 * thing at a time, for as long as it was measured to take. What nodes do anyway is spread evenly.
 */
final class ScalingModel {

  /** Emits of several kinds, and what one of them cost on average. */
  record Mixture(Map<String, Long> counts, Scaling.Cost cost) {}

  /**
   * What is simulated.
   *
   * @param perSecond of each kind of emit, and of connects
   */
  record World(int users, int nodes, int shards, double seconds, Map<String, Double> perSecond) {}

  /** What came of it, per second; busy and waits of the shards. */
  record Outcome(
      double commands, double in, double out, double busyMean, double busyMost, double waitP99) {}

  /** Commands are counted; CPU differs from run to run. */
  private static final double COMMANDS_WITHIN = 0.03;

  private static final double CPU_WITHIN = 0.35;

  /** A session is written anew every 15 minutes; that is a third of what a connect takes. */
  private static final double REWRITES = 1 / 900.0;

  private static final double REWRITE = 1 / 3.0;

  private final Map<String, Scaling.Cost> costs;
  private final long bytesHere;
  private final long bytesHeld;

  ScalingModel(Map<String, Scaling.Cost> costs, long bytesHere, long bytesHeld) {
    this.costs = costs;
    this.bytesHere = bytesHere;
    this.bytesHeld = bytesHeld;
  }

  Outcome simulate(World world) {
    Random random = new Random(42);
    String[] kinds = world.perSecond().keySet().toArray(String[]::new);
    double[] upTo = new double[kinds.length];
    double rate = 0;
    for (int kind = 0; kind < kinds.length; kind++) {
      rate += world.perSecond().get(kinds[kind]);
      upTo[kind] = rate;
    }
    Scaling.Cost node = costs.get("node");
    double background = world.nodes() * node.cpuMicros() / 1e6 / world.shards();
    double[] free = new double[world.shards()];
    double[] busy = new double[world.shards()];
    Histogram waits = new Histogram(3);
    double commands = world.nodes() * node.sum() * world.seconds();
    double in = world.nodes() * node.in() * world.seconds();
    double out = world.nodes() * node.out() * world.seconds();
    for (double now = 0; now < world.seconds(); now -= Math.log(1 - random.nextDouble()) / rate) {
      int found = Arrays.binarySearch(upTo, random.nextDouble() * rate);
      Scaling.Cost cost = costs.get(kinds[found < 0 ? -1 - found : found]);
      int shard = shardOf(random.nextInt(world.users()), world.shards());
      double work = cost.cpuMicros() / 1e6 / (1 - background);
      double start = Math.max(now, free[shard]);
      free[shard] = start + work;
      busy[shard] += work;
      waits.recordValue(Math.round((start - now) * 1e6));
      commands += cost.sum();
      in += cost.in();
      out += cost.out();
    }
    double seconds = world.seconds();
    return new Outcome(
        commands / seconds,
        in / seconds,
        out / seconds,
        background + Arrays.stream(busy).average().orElse(0) / seconds,
        background + Arrays.stream(busy).max().orElse(0) / seconds,
        waits.getValueAtPercentile(99) / 1e3);
  }

  /** As a hash of his id would have it. */
  private static int shardOf(int user, int shards) {
    int mixed = user * 0x9E3779B9;
    return Math.floorMod(mixed ^ (mixed >>> 15), shards);
  }

  // --- two nodes, as measured

  /** Whether it says of the two nodes what was measured of a mixture. */
  boolean agrees(int perSecond, Mixture measured) {
    double all = measured.counts().values().stream().mapToLong(Long::longValue).sum();
    Map<String, Double> rates = new LinkedHashMap<>();
    measured.counts().forEach((kind, count) -> rates.put(kind, perSecond * count / all));
    Outcome two = simulate(new World(Scaling.USERS, 2, 1, 60, rates));
    Scaling.Cost node = costs.get("node");
    System.out.println("\nA mixture on two nodes, for one emit: simulated, measured");
    Map<String, double[]> pairs = new TreeMap<>();
    pairs.put("commands", pair(two.commands() - 2 * node.sum(), perSecond, measured.cost().sum()));
    pairs.put("bytes in", pair(two.in() - 2 * node.in(), perSecond, measured.cost().in()));
    pairs.put("bytes out", pair(two.out() - 2 * node.out(), perSecond, measured.cost().out()));
    double cpu = 1e6 * two.busyMean() - 2 * node.cpuMicros();
    double[] times = pair(cpu, perSecond, measured.cost().cpuMicros());
    pairs.forEach((what, pair) -> show(what, pair));
    show("CPU, µs", times);
    boolean agrees =
        pairs.values().stream().allMatch(pair -> isNear(pair, COMMANDS_WITHIN))
            && isNear(times, CPU_WITHIN);
    System.out.println(agrees ? "they agree" : "THEY DO NOT AGREE");
    return agrees;
  }

  private static double[] pair(double simulatedPerSecond, int perSecond, double measured) {
    return new double[] {simulatedPerSecond / perSecond, measured};
  }

  private static void show(String what, double[] pair) {
    System.out.printf(Locale.ROOT, "  %-10s %7.1f %7.1f%n", what, pair[0], pair[1]);
  }

  private static boolean isNear(double[] pair, double within) {
    return Math.abs(pair[0] / pair[1] - 1) <= within;
  }

  // --- more

  /** Ten million users who are here, and fewer. */
  void project() {
    System.out.print(
        """

        Each user who is here is sent an event a minute (60 % plain, 20 % with hold, 20 % with hold,
        confirm and id) and connects anew every 30 minutes; a fifth as many emits go to users who are
        away, half of them held for an hour. 100,000 users a node.
              users nodes shards  emits/s  commands/s   MB/s in  out  busy mean most  wait p99  memory
        """);
    for (int[] size :
        List.of(
            new int[] {100_000, 1},
            new int[] {1_000_000, 1},
            new int[] {1_000_000, 3},
            new int[] {10_000_000, 16},
            new int[] {10_000_000, 32},
            new int[] {10_000_000, 64})) {
      int users = size[0];
      double emits = users / 60.0;
      Map<String, Double> rates = new LinkedHashMap<>();
      rates.put("plain", 0.6 * emits);
      rates.put("hold", 0.2 * emits);
      rates.put("call", 0.2 * emits);
      rates.put("offline", 0.1 * emits);
      rates.put("held", 0.1 * emits);
      rates.put("connect", users / 1_800.0 + REWRITE * REWRITES * users);
      int nodes = Math.max(2, users / 100_000);
      Outcome outcome = simulate(new World(users, nodes, size[1], 20, rates));
      double memory = 1.0 * users * bytesHere + 0.1 * emits * 3_600 * bytesHeld;
      System.out.printf(
          Locale.ROOT,
          "%,11d %5d %6d %,8.0f %,11.0f %9.1f %4.0f %9.0f %% %3.0f %% %6.1f ms %5.1f GB%n",
          users,
          nodes,
          size[1],
          1.2 * emits,
          outcome.commands(),
          outcome.in() / 1e6,
          outcome.out() / 1e6,
          100 * outcome.busyMean(),
          100 * outcome.busyMost(),
          outcome.waitP99(),
          memory / 1e9);
    }
  }
}
