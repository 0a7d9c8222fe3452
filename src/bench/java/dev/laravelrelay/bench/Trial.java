package dev.laravelrelay.bench;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;

/**
 * One server under its clients, from its start to its end. Its stages are run one after the other;
 * one that fails is noted, and those behind it go on with a new server.
 */
final class Trial implements AutoCloseable {

  /** How many sessions there are unless a stage says otherwise. */
  static final int SESSIONS = 10_000;

  private static final int CLOSED_LOOP = 32;

  @FunctionalInterface
  private interface StageRun {
    void run(Trial trial, Stage stage) throws IOException, InterruptedException;
  }

  final Contender contender;
  final Pace pace;
  final Reactor reactor = new Reactor();
  final ServerProcess server;
  final Phones phones;
  private final Results results;
  private boolean warm;

  private Trial(Contender contender, Pace pace, Results results)
      throws IOException, InterruptedException {
    this.contender = contender;
    this.pace = pace;
    this.results = results;
    this.server = contender.start();
    this.phones = new Phones(reactor, server.sockets);
  }

  static void run(Contender contender, Pace pace, Set<Stage> stages, Results results)
      throws InterruptedException {
    run(contender, pace, stages, results, Trial::run);
  }

  private static void run(
      Contender contender, Pace pace, Set<Stage> stages, Results results, StageRun stageRun)
      throws InterruptedException {
    Queue<Stage> left = new ArrayDeque<>(stages);
    while (!left.isEmpty()) {
      Stage stage = left.element();
      try (Trial trial = new Trial(contender, pace, results)) {
        while (!left.isEmpty()) {
          stage = left.remove();
          results.quiet.await(pace.quietSeconds());
          stageRun.run(trial, stage);
        }
      } catch (IOException | RuntimeException e) {
        results.failed(contender.name(), stage, e);
        left.remove(stage);
      }
    }
  }

  /** The relay beside a Redis that is started for it. */
  static void overRedis(List<String> flags, Pace pace, Set<Stage> stages, Results results)
      throws InterruptedException {
    if (stages.isEmpty()) {
      return;
    }
    try (RedisServer redis = new RedisServer()) {
      Contender relay = Contender.relay(flags, Map.of("RELAY_REDIS_URL", redis.url()));
      run(relay, pace, stages, results, (trial, stage) -> RedisStages.run(stage, trial, redis));
    } catch (IOException noRedis) {
      results.missing("redis", "not measured: " + noRedis.getMessage());
    }
  }

  private void run(Stage stage) throws IOException, InterruptedException {
    switch (stage) {
      case MEMORY -> RestStages.memory(this);
      case REST -> RestStages.rest(this);
      case ACCEPT -> RestStages.accept(this);
      case EMIT -> LoadStages.closedLoop(this);
      case OPEN_2000 -> LoadStages.latencyAt(this, 2_000);
      case OPEN_10000 -> LoadStages.latencyAt(this, 10_000);
      case FAN_OUT -> LoadStages.fanOut(this);
      case BATCH -> LoadStages.batch(this);
      case CONFIRM -> LoadStages.confirm(this);
      case HOLD -> LoadStages.hold(this, Metric.HOLD_MEMORY);
      case POLLING -> LoadStages.polling(this);
      case GROWTH -> GrowthStages.run(this);
      default -> throw new IllegalArgumentException("not of one server: " + stage);
    }
  }

  /** Connects or closes clients until there are as many as most stages have. */
  void settle() throws InterruptedException {
    settle(SESSIONS);
  }

  void settle(int sessions) throws InterruptedException {
    phones.shrinkTo(sessions);
    phones.growTo(sessions);
  }

  /** Emits until what emits need is compiled; the first time only. */
  void warm() throws IOException, InterruptedException {
    if (!warm) {
      Callers callers = callers(CLOSED_LOOP);
      warm(callers, Emits.toUser(""), warmEmits());
      callers.close();
      warm = true;
    }
  }

  /** After how many emits there is little left to compile; Node needs fewer. */
  int warmEmits() {
    return contender.isOnJvm() ? pace.warm() : pace.warm() / 4;
  }

  /** Emits until so many events have come and what they need is compiled. */
  void warm(Callers callers, Emits emits, int events) throws IOException, InterruptedException {
    warm(events, () -> expect(emits.count * callers.closedLoop(emits, SESSIONS, 1)));
  }

  void warm(long events, Load load) throws IOException, InterruptedException {
    Warmup.run(server, pace, events, load);
  }

  Callers callers(int count) throws IOException, InterruptedException {
    return new Callers(reactor, server.api, count);
  }

  /** Waits until so many more events have come. */
  long expect(long events) throws InterruptedException {
    return phones.expect(events);
  }

  void put(Metric metric, double value) {
    results.add(contender.name(), metric, value);
  }

  /** Measures a load; again where the server was compiling meanwhile. */
  Measured measure(String event, Load load) throws IOException, InterruptedException {
    Measured measured = Measured.of(server, load);
    for (int i = 0; i < pace.repeats() && measured.isWhileCompiling(); i++) {
      System.err.println("    while compiling: " + measured.describe(event));
      measured = Measured.of(server, load);
    }
    System.err.println("    " + measured.describe(event));
    return measured;
  }

  @Override
  public void close() throws IOException {
    reactor.close();
    server.stop();
  }
}
