package dev.laravelrelay.bench;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** What emits cost, and how long they take. */
final class LoadStages {

  private static final int CLOSED_LOOP = 32;
  private static final int OPEN_LOOP = 64;
  private static final int BATCHES = 4;
  private static final int BATCH = 100;
  private static final int WATCHED = 200;
  private static final int POLLERS = 1_000;
  private static final int POLLED_PER_SECOND = 500;
  private static final int WARM_SHARE = 6;
  private static final double MILLI = 1e6;
  private static final Emits EMIT = Emits.toUser("");
  private static final Emits TO_ALL = Emits.toAll();

  private LoadStages() {}

  /** Connections that close and open undo some of what was compiled: hence these are warmed too. */
  static void closedLoop(Trial trial) throws IOException, InterruptedException {
    trial.settle();
    trial.warm();
    Callers callers = trial.callers(CLOSED_LOOP);
    trial.warm(callers, EMIT, trial.warmEmits() / 4);
    Measured measured =
        trial.measure(
            "emit",
            () -> trial.expect(callers.closedLoop(EMIT, Trial.SESSIONS, trial.pace.load())));
    trial.put(Metric.EMIT_RATE, measured.perSecond());
    trial.put(Metric.EMIT_CPU, measured.cpu());
    callers.close();
  }

  static void latencyAt(Trial trial, int perSecond) throws IOException, InterruptedException {
    trial.settle();
    trial.warm();
    Callers callers = trial.callers(OPEN_LOOP);
    trial.warm(0, () -> trial.expect(callers.openLoop(EMIT, Trial.SESSIONS, perSecond, 1)));
    trial.measure(
        "emit at " + perSecond + "/s",
        () -> {
          trial.phones.takeLatencies();
          return trial.expect(callers.openLoop(EMIT, Trial.SESSIONS, perSecond, trial.pace.load()));
        });
    Histogram latencies = trial.phones.takeLatencies();
    if (perSecond == 2_000) {
      trial.put(Metric.P50_AT_2000, latencies.getValueAtPercentile(50) / MILLI);
      trial.put(Metric.P99_AT_2000, latencies.getValueAtPercentile(99) / MILLI);
    } else {
      trial.put(Metric.P99_AT_10000, latencies.getValueAtPercentile(99) / MILLI);
    }
    callers.close();
  }

  static void fanOut(Trial trial) throws IOException, InterruptedException {
    trial.settle();
    Callers callers = trial.callers(1);
    trial.put(Metric.DELIVERY_CPU, deliveryCpu(trial, callers, Trial.SESSIONS));
    trial.phones.readOnly(WATCHED);
    Histogram last = new Histogram(3);
    for (int i = 0; i < trial.pace.broadcasts(); i++) {
      last.recordValue(broadcast(trial, callers, WATCHED));
      TimeUnit.MILLISECONDS.sleep(300);
    }
    trial.phones.readAll();
    trial.expect((long) (Trial.SESSIONS - WATCHED) * trial.pace.broadcasts());
    trial.put(Metric.LAST_OF_10000, last.getValueAtPercentile(50) / MILLI);
    callers.close();
  }

  /** The server's CPU for one delivery of an event to everyone, once that is compiled. */
  static double deliveryCpu(Trial trial, Callers callers, int sessions)
      throws IOException, InterruptedException {
    int deliveries = trial.pace.broadcasts() * Trial.SESSIONS;
    trial.warm(trial.warmEmits(), () -> broadcasts(trial, callers, sessions, deliveries));
    return trial
        .measure(
            "delivery to one of " + sessions,
            () -> broadcasts(trial, callers, sessions, deliveries))
        .cpu();
  }

  /** Emits to everyone until so many were delivered; how many it were. */
  private static long broadcasts(Trial trial, Callers callers, int sessions, int deliveries)
      throws IOException, InterruptedException {
    long done = 0;
    for (; done < deliveries; done += sessions) {
      broadcast(trial, callers, sessions);
    }
    return done;
  }

  /** Emits to everyone; returns the nanoseconds until the last of those who read has it. */
  private static long broadcast(Trial trial, Callers callers, int readers)
      throws IOException, InterruptedException {
    long start = callers.once(TO_ALL);
    trial.expect(readers);
    return trial.phones.lastAt() - start;
  }

  static void batch(Trial trial) throws IOException, InterruptedException {
    trial.settle();
    trial.warm();
    Callers callers = trial.callers(BATCHES);
    Emits batch = Emits.batch(BATCH);
    trial.warm(callers, batch, trial.pace.warm());
    Measured measured =
        trial.measure(
            "event in a batch",
            () ->
                trial.expect(BATCH * callers.closedLoop(batch, Trial.SESSIONS, trial.pace.load())));
    trial.put(Metric.BATCH_CPU, measured.cpu());
    callers.close();
  }

  static void confirm(Trial trial) throws IOException, InterruptedException {
    trial.settle();
    trial.warm();
    Callers callers = trial.callers(OPEN_LOOP);
    Emits confirmed = Emits.toUser(",\"confirm\":5000");
    trial.warm(1_000, () -> trial.expect(callers.openLoop(confirmed, Trial.SESSIONS, 500, 1)));
    callers.takeLatencies();
    trial.expect(callers.openLoop(confirmed, Trial.SESSIONS, 500, trial.pace.load()));
    Histogram latencies = callers.takeLatencies();
    trial.put(Metric.CONFIRM_P50, latencies.getValueAtPercentile(50) / MILLI);
    trial.put(Metric.CONFIRM_P99, latencies.getValueAtPercentile(99) / MILLI);
    callers.close();
  }

  /** What a held emit costs more than one that is not. */
  static void hold(Trial trial, Metric metric) throws IOException, InterruptedException {
    trial.settle();
    trial.warm();
    Callers callers = trial.callers(CLOSED_LOOP);
    Emits held = Emits.toUser(",\"hold\":30");
    trial.warm(callers, held, trial.pace.warm() / 2);
    double more = 0;
    double seconds = trial.pace.load() / 3;
    for (int i = 0; i < 3; i++) {
      more += cpu(trial, callers, held, seconds) - cpu(trial, callers, EMIT, seconds);
    }
    trial.put(metric, more / 3);
    callers.close();
  }

  private static double cpu(Trial trial, Callers callers, Emits emits, double seconds)
      throws IOException, InterruptedException {
    return trial
        .measure(
            emits == EMIT ? "emit" : "held emit",
            () -> trial.expect(callers.closedLoop(emits, Trial.SESSIONS, seconds)))
        .cpu();
  }

  /** With clients of its own that poll. */
  static void polling(Trial trial) throws IOException, InterruptedException {
    trial.phones.shrinkTo(0);
    TimeUnit.SECONDS.sleep(1);
    Phones pollers = new Phones(trial.reactor, trial.server.sockets, Poller::connect);
    pollers.growTo(POLLERS);
    Callers callers = trial.callers(OPEN_LOOP);
    trial.warm(
        trial.warmEmits() / WARM_SHARE, () -> pollers.expect(callers.closedLoop(EMIT, POLLERS, 1)));
    pollers.expect(callers.openLoop(EMIT, POLLERS, POLLED_PER_SECOND, 1));
    Measured measured =
        trial.measure(
            "event to a poll",
            () -> {
              pollers.takeLatencies();
              return pollers.expect(
                  callers.openLoop(EMIT, POLLERS, POLLED_PER_SECOND, trial.pace.load()));
            });
    trial.put(Metric.POLLING_CPU, measured.cpu());
    trial.put(Metric.POLLING_P50, pollers.takeLatencies().getValueAtPercentile(50) / MILLI);
    callers.close();
    pollers.shrinkTo(0);
    TimeUnit.SECONDS.sleep(1);
  }
}
