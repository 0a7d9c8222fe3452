package dev.laravelrelay.bench;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** How cost grows: with the sessions in all, with those of one user, with those that are gone. */
final class GrowthStages {

  private static final int FEW = 1_000;
  private static final int MANY = Tokens.USERS;
  private static final int CLOSED_LOOP = 32;
  private static final int OPEN_LOOP = 64;
  private static final int PER_SECOND = 2_000;
  private static final int AT_ONCE = 2_000;
  private static final int LARGE = 32_000;
  private static final int LARGE_PER_SECOND = 50;
  private static final int TURNS = 4;
  private static final double SLICE_SECONDS = 0.01;
  private static final Emits EMIT = Emits.toUser("");

  private GrowthStages() {}

  static void run(Trial trial) throws IOException, InterruptedException {
    trial.settle();
    trial.warm();
    slowReader(trial);
    sessionsInAll(trial);
    sessionsOfOneUser(trial);
    comingAndGoing(trial);
  }

  /** Few and many change places from turn to turn: what still drifts weighs on both alike. */
  private static void sessionsInAll(Trial trial) throws IOException, InterruptedException {
    Callers callers = trial.callers(1);
    for (int i = 0; i < TURNS; i++) {
      boolean fewFirst = i % 2 == 0;
      double first = deliveryCpu(trial, callers, fewFirst ? FEW : MANY);
      double second = deliveryCpu(trial, callers, fewFirst ? MANY : FEW);
      trial.put(Metric.GROWTH_SESSIONS, fewFirst ? second / first : first / second);
    }
    callers.close();
  }

  /** Collects first: what letting clients in has left behind is not the deliveries'. */
  private static double deliveryCpu(Trial trial, Callers callers, int sessions)
      throws IOException, InterruptedException {
    trial.settle(sessions);
    RestStages.heap(trial);
    return LoadStages.deliveryCpu(trial, callers, sessions);
  }

  /** The next session's share from 10 to 100 as a multiple of that from 1 to 10. */
  private static void sessionsOfOneUser(Trial trial) throws IOException, InterruptedException {
    for (int i = 0; i < TURNS; i++) {
      double one = emitCpu(trial, 1);
      double ten = emitCpu(trial, 10);
      double hundred = emitCpu(trial, 100);
      trial.put(Metric.GROWTH_USER, (hundred - ten) / 90 / ((ten - one) / 9));
    }
  }

  private static double emitCpu(Trial trial, int sessionsPerUser)
      throws IOException, InterruptedException {
    trial.phones.shrinkTo(0);
    trial.phones.belongTo(number -> number / sessionsPerUser);
    trial.settle();
    int users = Trial.SESSIONS / sessionsPerUser;
    Callers callers = trial.callers(CLOSED_LOOP);
    Load load = () -> emits(trial, callers, sessionsPerUser, users);
    load.run();
    Measured measured = trial.measure("emit to a user with " + sessionsPerUser + " sessions", load);
    callers.close();
    return measured.cpu();
  }

  /**
   * Emits in slices, each to its last delivery: answers come before deliveries, and who emits to
   * many faster than they are delivered is refused at last.
   */
  private static long emits(Trial trial, Callers callers, int sessionsPerUser, int users)
      throws InterruptedException {
    long emits = 0;
    for (double seconds = 0; seconds < trial.pace.load() / 2; seconds += SLICE_SECONDS) {
      long slice = callers.closedLoop(EMIT, users, SLICE_SECONDS);
      trial.expect(sessionsPerUser * slice);
      emits += slice;
    }
    return emits;
  }

  private static void comingAndGoing(Trial trial) throws IOException, InterruptedException {
    int next = churn(trial, MANY, MANY + 10 * AT_ONCE);
    long before = heapWithoutClients(trial);
    churn(trial, next, next + trial.pace.churn());
    double left = (heapWithoutClients(trial) - before) / 1_024.0;
    trial.put(Metric.GROWTH_CHURN, Math.max(0, left));
  }

  private static int churn(Trial trial, int from, int to) throws InterruptedException {
    int next = from;
    for (; next < to; next += AT_ONCE) {
      int first = next;
      trial.phones.shrinkTo(0);
      trial.phones.belongTo(number -> first + number);
      trial.phones.growTo(AT_ONCE);
    }
    return next;
  }

  private static long heapWithoutClients(Trial trial) throws IOException, InterruptedException {
    trial.phones.shrinkTo(0);
    TimeUnit.SECONDS.sleep(3);
    return RestStages.heap(trial);
  }

  /**
   * The others' p99 while one client is sent more than it reads, as a multiple of theirs while that
   * client reads.
   */
  private static void slowReader(Trial trial) throws IOException, InterruptedException {
    Phones other = new Phones(trial.reactor, trial.server.sockets);
    other.belongTo(number -> Trial.SESSIONS);
    Histogram calm = new Histogram(3);
    Histogram disturbed = new Histogram(3);
    for (int i = 0; i < TURNS; i++) {
      calm.add(beside(trial, other, Integer.MAX_VALUE));
      disturbed.add(beside(trial, other, 0));
    }
    double ratio =
        1.0 * disturbed.getValueAtPercentile(99) / Math.max(1, calm.getValueAtPercentile(99));
    trial.put(Metric.GROWTH_SLOW, ratio);
  }

  private static Histogram beside(Trial trial, Phones other, int readers)
      throws IOException, InterruptedException {
    other.growTo(1);
    if (readers == 0) {
      other.readOnly(0);
    }
    Callers callers = trial.callers(OPEN_LOOP);
    Callers flood = trial.callers(1);
    Thread flooding = Thread.ofPlatform().daemon().start(() -> flood(flood, trial.pace.load()));
    trial.phones.takeLatencies();
    trial.expect(callers.openLoop(EMIT, Trial.SESSIONS, PER_SECOND, trial.pace.load()));
    Histogram latencies = trial.phones.takeLatencies();
    flooding.join();
    callers.close();
    flood.close();
    other.shrinkTo(0);
    TimeUnit.MILLISECONDS.sleep(500);
    return latencies;
  }

  private static void flood(Callers callers, double seconds) {
    try {
      callers.openLoop(
          Emits.large(Tokens.user(Trial.SESSIONS), LARGE),
          Trial.SESSIONS,
          LARGE_PER_SECOND,
          seconds);
    } catch (IOException | InterruptedException gone) {
      throw new IllegalStateException(gone);
    }
  }
}
