package dev.laravelrelay.bench;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** What sessions cost while nothing happens, and what it costs to let them in. */
final class RestStages {

  private static final int FEW = 4_000;
  private static final int MANY = Tokens.USERS;

  private RestStages() {}

  static void memory(Trial trial) throws IOException, InterruptedException {
    trial.settle(FEW);
    long heap = heap(trial);
    long rss = trial.server.rssBytes();
    trial.settle(trial.pace.idle());
    long moreHeap = heap(trial);
    double added = (trial.pace.idle() - FEW) * 1_024.0;
    if (trial.contender.isOnJvm()) {
      trial.put(Metric.HEAP_PER_SESSION, (moreHeap - heap) / added);
    }
    trial.put(Metric.RSS_PER_SESSION, (trial.server.rssBytes() - rss) / added);
  }

  /** Collects; for a JVM also says what lives. */
  static long heap(Trial trial) throws IOException, InterruptedException {
    TimeUnit.SECONDS.sleep(1);
    ServerProcess server = trial.server;
    if (trial.contender.isOnJvm()) {
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
  static void rest(Trial trial) throws IOException, InterruptedException {
    trial.settle(MANY);
    TimeUnit.SECONDS.sleep(2);
    long cpu = trial.server.cpuNanos();
    long start = System.nanoTime();
    TimeUnit.MILLISECONDS.sleep((long) (trial.pace.rest() * 1_000));
    long used = trial.server.cpuNanos() - cpu;
    trial.put(Metric.REST, 100.0 * used / (System.nanoTime() - start));
  }

  static void accept(Trial trial) throws IOException, InterruptedException {
    trial.settle();
    for (int i = 0; i < trial.pace.accepts(); i++) {
      trial.phones.shrinkTo(0);
      TimeUnit.SECONDS.sleep(1);
      Measured measured =
          Measured.of(
              trial.server,
              () -> {
                trial.phones.growTo(Trial.SESSIONS);
                return Trial.SESSIONS;
              });
      System.err.println("    " + measured.describe("accepted session"));
      trial.put(Metric.ACCEPT_RATE, measured.perSecond());
    }
  }
}
