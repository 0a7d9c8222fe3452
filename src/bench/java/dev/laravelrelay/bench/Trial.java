package dev.laravelrelay.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** One server, measured once from its start to its end. */
final class Trial {

  private static final int FEW = 4_000;
  private static final int MANY = Tokens.USERS;
  private static final int SESSIONS = 10_000;
  private static final int CLOSED_LOOP = 32;
  private static final int OPEN_LOOP = 64;
  private static final int BATCHES = 4;
  private static final int BATCH = 100;
  private static final int WATCHED = 200;
  private static final double MILLI = 1e6;
  private static final double MICRO = 1e3;
  private static final Emits EMIT = Emits.toUser("");
  private static final Emits TO_ALL = Emits.toAll();

  private final Contender contender;
  private final Pace pace;
  private final Map<Metric, Double> figures = new EnumMap<>(Metric.class);
  private final ServerProcess server;
  private final Phones phones;
  private long emitted;

  private Trial(Contender contender, Pace pace) throws IOException, InterruptedException {
    this.contender = contender;
    this.pace = pace;
    this.server = contender.start();
    this.phones = new Phones(new Reactor(), server.sockets);
  }

  static Map<Metric, Double> run(Contender contender, Pace pace)
      throws IOException, InterruptedException {
    Trial trial = new Trial(contender, pace);
    try {
      trial.run();
      trial.phones.shrinkTo(0);
      return trial.figures;
    } finally {
      trial.server.stop();
    }
  }

  private void run() throws IOException, InterruptedException {
    memory();
    phones.shrinkTo(SESSIONS);
    closedLoop();
    latencyAt(2_000);
    fanOut();
    if (contender.isRelay()) {
      batch();
      confirm();
      hold();
    }
    latencyAt(10_000);
    accept();
    if (pace.rest() > 0) {
      rest();
    }
  }

  // --- at rest

  private void memory() throws IOException, InterruptedException {
    phones.growTo(FEW);
    long heap = heap();
    long rss = server.rssBytes();
    phones.growTo(MANY);
    long moreHeap = heap();
    double added = (MANY - FEW) * 1_024.0;
    if (contender.isOnJvm()) {
      put(Metric.HEAP_PER_SESSION, (moreHeap - heap) / added);
    }
    put(Metric.RSS_PER_SESSION, (server.rssBytes() - rss) / added);
  }

  /** Collects; for a JVM also says what lives. */
  private long heap() throws IOException, InterruptedException {
    TimeUnit.SECONDS.sleep(1);
    if (contender.isOnJvm()) {
      return server.liveHeapBytes();
    }
    try (Socket socket = new Socket(server.api.getAddress(), server.api.getPort())) {
      String request = "GET /gc HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      socket.getInputStream().readAllBytes();
    }
    return 0;
  }

  /** Last, so that no compiler is at work any more. */
  private void rest() throws IOException, InterruptedException {
    phones.growTo(MANY);
    TimeUnit.SECONDS.sleep(2);
    long cpu = server.cpuNanos();
    long start = System.nanoTime();
    TimeUnit.MILLISECONDS.sleep((long) (pace.rest() * 1_000));
    put(Metric.REST, 100.0 * (server.cpuNanos() - cpu) / (System.nanoTime() - start));
  }

  // --- under load

  private void closedLoop() throws IOException, InterruptedException {
    Callers callers = callers(CLOSED_LOOP);
    while (emitted < pace.warm()) {
      expect(callers.closedLoop(EMIT, SESSIONS, 1));
    }
    Load load = new Load();
    long start = System.nanoTime();
    long emits = expect(callers.closedLoop(EMIT, SESSIONS, pace.load()));
    put(Metric.EMIT_RATE, emits * 1e9 / (System.nanoTime() - start));
    put(Metric.EMIT_CPU, load.cpuPer(emits, "emit"));
    callers.close();
  }

  private void latencyAt(int perSecond) throws IOException, InterruptedException {
    Callers callers = callers(OPEN_LOOP);
    expect(callers.openLoop(EMIT, SESSIONS, perSecond, 1));
    phones.takeLatencies();
    Load load = new Load();
    long emits = expect(callers.openLoop(EMIT, SESSIONS, perSecond, pace.load()));
    load.cpuPer(emits, "emit at " + perSecond + "/s");
    Histogram latencies = phones.takeLatencies();
    if (perSecond == 2_000) {
      put(Metric.P50_AT_2000, latencies.getValueAtPercentile(50) / MILLI);
      put(Metric.P99_AT_2000, latencies.getValueAtPercentile(99) / MILLI);
    } else {
      put(Metric.P99_AT_10000, latencies.getValueAtPercentile(99) / MILLI);
    }
    callers.close();
  }

  private void fanOut() throws IOException, InterruptedException {
    Callers callers = callers(1);
    for (int i = 0; i < 3; i++) {
      broadcast(callers, SESSIONS);
    }
    Load load = new Load();
    for (int i = 0; i < pace.broadcasts(); i++) {
      broadcast(callers, SESSIONS);
    }
    put(Metric.DELIVERY_CPU, load.cpuPer((long) SESSIONS * pace.broadcasts(), "delivery"));
    phones.readOnly(WATCHED);
    Histogram last = new Histogram(3);
    for (int i = 0; i < pace.broadcasts(); i++) {
      last.recordValue(broadcast(callers, WATCHED));
      TimeUnit.MILLISECONDS.sleep(300);
    }
    phones.readAll();
    expect((long) (SESSIONS - WATCHED) * pace.broadcasts());
    put(Metric.LAST_OF_10000, last.getValueAtPercentile(50) / MILLI);
    callers.close();
  }

  /** Emits to everyone; returns the nanoseconds until the last of those who read has it. */
  private long broadcast(Callers callers, int readers) throws IOException, InterruptedException {
    long start = callers.once(TO_ALL);
    expect(readers);
    return phones.lastAt() - start;
  }

  // --- what only the relay has

  private void batch() throws IOException, InterruptedException {
    Callers callers = callers(BATCHES);
    Emits batch = Emits.batch(BATCH);
    for (long warm = 0; warm < pace.warm(); ) {
      warm += expect(BATCH * callers.closedLoop(batch, SESSIONS, 1));
    }
    Load load = new Load();
    long events = expect(BATCH * callers.closedLoop(batch, SESSIONS, pace.load()));
    put(Metric.BATCH_CPU, load.cpuPer(events, "event in a batch"));
    callers.close();
  }

  private void confirm() throws IOException, InterruptedException {
    Callers callers = callers(OPEN_LOOP);
    Emits confirmed = Emits.toUser(",\"confirm\":5000");
    expect(callers.openLoop(confirmed, SESSIONS, 500, 2));
    callers.takeLatencies();
    expect(callers.openLoop(confirmed, SESSIONS, 500, pace.load()));
    Histogram latencies = callers.takeLatencies();
    put(Metric.CONFIRM_P50, latencies.getValueAtPercentile(50) / MILLI);
    put(Metric.CONFIRM_P99, latencies.getValueAtPercentile(99) / MILLI);
    callers.close();
  }

  private void hold() throws IOException, InterruptedException {
    Callers callers = callers(CLOSED_LOOP);
    Emits held = Emits.toUser(",\"hold\":30");
    for (long warm = 0; warm < pace.warm() / 2; ) {
      warm += expect(callers.closedLoop(held, SESSIONS, 1));
    }
    double with = 0;
    double without = 0;
    for (int i = 0; i < 2; i++) {
      Load load = new Load();
      with += load.cpuPer(expect(callers.closedLoop(held, SESSIONS, pace.load() / 2)), "held emit");
      load = new Load();
      without += load.cpuPer(expect(callers.closedLoop(EMIT, SESSIONS, pace.load() / 2)), "emit");
    }
    put(Metric.HOLD_MEMORY, (with - without) / 2);
    callers.close();
  }

  // --- coming

  private void accept() throws IOException, InterruptedException {
    for (int i = 0; i < 2; i++) {
      phones.shrinkTo(0);
      TimeUnit.SECONDS.sleep(1);
      Load load = new Load();
      put(Metric.ACCEPT_RATE, SESSIONS * 1e9 / phones.growTo(SESSIONS));
      load.cpuPer(SESSIONS, "accepted session");
    }
  }

  private Callers callers(int count) throws IOException, InterruptedException {
    return new Callers(phones.reactor(), server.api, count);
  }

  /** Waits until all that was emitted has come: what is lost fails the benchmark. */
  private long expect(long emits) throws InterruptedException {
    emitted += emits;
    phones.awaitDelivered(emitted);
    return emits;
  }

  private void put(Metric metric, double value) {
    figures.put(metric, value);
    System.err.printf("    %-18s %,12.3f %s%n", metric, value, metric.unit);
  }

  /** CPU that server and load generator use from here on. */
  private final class Load {

    private final long start = System.nanoTime();
    private final long serverCpu = server.cpuNanos();
    private final long ownCpu = ownCpu();

    Load() throws IOException {}

    double cpuPer(long count, String what) throws IOException {
      double own = (ownCpu() - ownCpu) / MICRO / count;
      double servers = (server.cpuNanos() - serverCpu) / MICRO / count;
      double cores = (ownCpu() - ownCpu) * 1.0 / (System.nanoTime() - start);
      System.err.printf(
          "    per %s: server %.1f µs, load generator %.1f µs (%.2f of a core)%n",
          what, servers, own, cores);
      return servers;
    }
  }

  private static long ownCpu() {
    var system =
        (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return system.getProcessCpuTime();
  }
}
