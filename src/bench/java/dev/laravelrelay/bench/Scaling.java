package dev.laravelrelay.bench;

import java.io.IOException;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import redis.clients.jedis.Jedis;

/**
 * What two relays ask of one Redis, kind of emit by kind, by Redis's own INFO; then whether {@link
 * ScalingModel} says the same of a mixture that it was not fitted to; then what it says of more.
 * The relays' JVM flags come from the variable JVM_FLAGS.
 */
public final class Scaling {

  static final int USERS = 2_000;

  private static final double SECONDS = 4;
  private static final int PER_SECOND = 1_500;
  private static final int CALLERS = 16;
  private static final Map<String, Emits> AWAY = new LinkedHashMap<>();
  private static final Map<String, Emits> HERE = new LinkedHashMap<>();

  static {
    AWAY.put("offline", Emits.toUser(""));
    AWAY.put("held", Emits.toUser(",\"hold\":1"));
    HERE.put("plain", Emits.toUser(""));
    HERE.put("id", Emits.toUser(",\"id\":\"id:0000000000000000\""));
    HERE.put("confirm", Emits.toUser(",\"confirm\":5000"));
    HERE.put("hold", Emits.toUser(",\"hold\":30"));
    HERE.put("hold+confirm", Emits.toUser(",\"hold\":30,\"confirm\":5000"));
    HERE.put("call", Emits.toUser(",\"hold\":30,\"confirm\":5000,\"id\":\"id:0000000000000000\""));
    HERE.put("everyone", Emits.toAll());
  }

  /**
   * What Redis did for one emit, or for one of whatever else.
   *
   * @param calls by command, those within scripts too
   * @param cpuMicros of Redis
   * @param in bytes that Redis read
   * @param out bytes that Redis wrote
   */
  record Cost(Map<String, Double> calls, double cpuMicros, double in, double out) {

    /** Of so many, one. */
    Cost per(int many) {
      Map<String, Double> each = new TreeMap<>();
      calls.forEach((name, count) -> each.put(name, count / many));
      return new Cost(each, cpuMicros / many, in / many, out / many);
    }

    /** Less what it does anyway, so many times. */
    Cost without(Cost rest, double times) {
      Map<String, Double> left = new TreeMap<>();
      calls.forEach(
          (name, count) ->
              left.put(name, Math.max(0, count - times * rest.calls.getOrDefault(name, 0.0))));
      return new Cost(
          left, cpuMicros - times * rest.cpuMicros, in - times * rest.in, out - times * rest.out);
    }

    double sum() {
      return calls.values().stream().mapToDouble(Double::doubleValue).sum();
    }
  }

  private final Reactor reactor = new Reactor();
  private final Map<String, Cost> costs = new LinkedHashMap<>();
  private final Jedis redis;
  private final ServerProcess a;
  private final ServerProcess b;

  private Scaling(RedisServer server) throws IOException, InterruptedException {
    redis = new Jedis(URI.create(server.url()));
    Contender relay =
        Contender.relay(
            Contender.flags(System.getenv().getOrDefault("JVM_FLAGS", "")),
            Map.of("RELAY_REDIS_URL", server.url(), "RELAY_PRESENCE_GRACE", "0s"));
    a = relay.start();
    b = relay.start();
  }

  public static void main(String[] args) throws IOException, InterruptedException {
    boolean agrees;
    try (RedisServer server = new RedisServer()) {
      agrees = new Scaling(server).run();
    }
    System.out.println(Machine.describe());
    System.exit(agrees ? 0 : 1);
  }

  private boolean run() throws IOException, InterruptedException {
    Callers callers = new Callers(reactor, a.api, CALLERS);
    callers.openLoop(Emits.toUser(""), USERS, PER_SECOND / 3, 8); // the compilers warm up
    Info idle = new Info();
    TimeUnit.SECONDS.sleep(5);
    Cost rest = new Info().since(idle, idle.seconds());
    for (Map.Entry<String, Emits> kind : AWAY.entrySet()) {
      measure(kind.getKey(), callers, kind.getValue(), USERS, rest);
    }
    long memory = emptyMemory();
    callers.openLoop(Emits.toUser(",\"hold\":60"), USERS, PER_SECOND, USERS / (double) PER_SECOND);
    long held = (memory() - memory) / USERS;
    memory = emptyMemory();
    Info before = new Info();
    Phones onA = phones(a, 0);
    Phones onB = phones(b, USERS / 2);
    TimeUnit.SECONDS.sleep(1);
    costs.put("connect", new Info().since(before, USERS));
    long here = (memory() - memory) / USERS;
    for (Map.Entry<String, Emits> kind : HERE.entrySet()) {
      measure(kind.getKey(), callers, kind.getValue(), USERS, rest);
    }
    costs.put("node", rest.per(2));
    System.out.println("\nFor one of each: commands; Redis's CPU, bytes in and out; by name");
    costs.forEach(Scaling::print);
    System.out.printf("memory of Redis: per user who is here %d, per held event %d%n", here, held);
    ScalingModel model = new ScalingModel(costs, here, held);
    boolean agrees = model.agrees(PER_SECOND, mixture(callers, rest));
    model.project();
    saturate(callers);
    onA.shrinkTo(0);
    onB.shrinkTo(0);
    a.stop();
    b.stop();
    return agrees;
  }

  private Phones phones(ServerProcess node, int first) throws InterruptedException {
    Phones phones = new Phones(reactor, node.sockets);
    phones.belongTo(number -> first + number);
    phones.growTo(USERS / 2);
    return phones;
  }

  private void measure(String kind, Callers callers, Emits emits, int users, Cost rest)
      throws IOException, InterruptedException {
    int rate = kind.equals("everyone") ? PER_SECOND / 100 : PER_SECOND;
    callers.openLoop(emits, users, rate / 3 + 1, 2);
    TimeUnit.MILLISECONDS.sleep(500);
    Info before = new Info();
    long count = callers.openLoop(emits, users, rate, SECONDS);
    TimeUnit.MILLISECONDS.sleep(500); // what follows a receipt
    Cost cost = new Info().since(before, count);
    costs.put(kind, cost.without(rest, before.seconds() / count));
  }

  /** So many emits of each kind at once, and what that cost in all. */
  private ScalingModel.Mixture mixture(Callers callers, Cost rest)
      throws IOException, InterruptedException {
    Map<String, Long> counts = new LinkedHashMap<>();
    Info before = new Info();
    for (String kind : List.of("hold", "plain", "confirm", "id", "plain", "hold")) {
      counts.merge(kind, callers.openLoop(HERE.get(kind), USERS, PER_SECOND, 2), Long::sum);
    }
    TimeUnit.MILLISECONDS.sleep(500);
    long count = counts.values().stream().mapToLong(Long::longValue).sum();
    Cost cost = new Info().since(before, count).without(rest, before.seconds() / count);
    return new ScalingModel.Mixture(counts, cost);
  }

  private long memory() {
    return Long.parseLong(Info.field(redis.info("memory"), "used_memory"));
  }

  /** How many a closed loop of callers gets through, if this machine has the time for it. */
  private void saturate(Callers callers) throws InterruptedException {
    for (String kind : List.of("plain", "call")) {
      try {
        callers.closedLoop(HERE.get(kind), USERS, SECONDS / 2);
        Info before = new Info();
        long count = callers.closedLoop(HERE.get(kind), USERS, SECONDS);
        Cost cost = new Info().since(before, count);
        System.out.printf(
            Locale.ROOT,
            "%s, %d callers in a closed loop: %,.0f emits/s, %.1f µs of Redis's CPU each%n",
            kind,
            CALLERS,
            count / SECONDS,
            cost.cpuMicros());
      } catch (IllegalStateException busy) {
        System.out.printf("%s in a closed loop: not measured, this machine is busy%n", kind);
        return;
      }
    }
  }

  private long emptyMemory() throws InterruptedException {
    redis.flushDB();
    TimeUnit.SECONDS.sleep(3); // what the nodes keep of themselves is there again
    return memory();
  }

  static void print(String kind, Cost cost) {
    String calls =
        cost.calls().entrySet().stream()
            .filter(call -> call.getValue() >= 0.02)
            .map(call -> "%s %.2f".formatted(call.getKey(), call.getValue()))
            .collect(Collectors.joining(", "));
    System.out.printf(
        Locale.ROOT,
        "%-13s %5.1f  %5.1f µs  in %4.0f  out %4.0f  (%s)%n",
        kind,
        cost.sum(),
        cost.cpuMicros(),
        cost.in(),
        cost.out(),
        calls);
  }

  /** What Redis has counted so far. */
  private final class Info {

    private final long at = System.nanoTime();
    private final Map<String, Double> calls = new TreeMap<>();
    private final double cpu;
    private final double in;
    private final double out;

    private Info() {
      for (String line : redis.info("commandstats").split("\r\n")) {
        if (line.startsWith("cmdstat_")) {
          String name = line.substring(8, line.indexOf(':'));
          calls.put(name, Double.parseDouble(line.replaceAll(".*:calls=(\\d+),.*", "$1")));
        }
      }
      calls.keySet().removeAll(List.of("info", "ping", "client|setinfo"));
      String stats = redis.info("stats");
      in = Double.parseDouble(field(stats, "total_net_input_bytes"));
      out = Double.parseDouble(field(stats, "total_net_output_bytes"));
      String used = redis.info("cpu");
      cpu =
          1e6 * Double.parseDouble(field(used, "used_cpu_sys"))
              + 1e6 * Double.parseDouble(field(used, "used_cpu_user"));
    }

    private double seconds() {
      return (System.nanoTime() - at) / 1e9;
    }

    private Cost since(Info before, double count) {
      Map<String, Double> more = new TreeMap<>();
      calls.forEach(
          (name, all) -> {
            double one = (all - before.calls.getOrDefault(name, 0.0)) / count;
            if (one > 0) {
              more.put(name, one);
            }
          });
      return new Cost(
          more, (cpu - before.cpu) / count, (in - before.in) / count, (out - before.out) / count);
    }

    private static String field(String info, String name) {
      return info.lines()
          .filter(line -> line.startsWith(name + ":"))
          .map(line -> line.substring(name.length() + 1).strip())
          .findFirst()
          .orElseThrow();
    }
  }
}
