package dev.laravelrelay.bench;

import java.io.IOException;

/**
 * Load that is not measured: until so many events have come, the first heartbeats are out, and the
 * server's compilers have had little to do for a while. While they compile they take up to half of
 * two cores, which is no event's cost. A JVM drops what it compiled for writes when the first pings
 * are written, and counts for a second or more before it compiles that again.
 */
final class Warmup {

  /** Below this share of a core the compilers count as idle. */
  static final double IDLE = 0.03;

  private static final int IDLE_TURNS = 3;

  /** The default interval of pings, and the time in which the first clients connect. */
  private static final double FIRST_PINGS_SECONDS = 32;

  private Warmup() {}

  /**
   * Warms up.
   *
   * @param load of about a second
   */
  static void run(ServerProcess server, Pace pace, long events, Load load)
      throws IOException, InterruptedException {
    long start = System.nanoTime();
    long done = 0;
    int idle = 0;
    while (done < events || (idle < IDLE_TURNS && seconds(start) < pace.warmSeconds())) {
      long turn = System.nanoTime();
      long compiled = server.compilerNanos();
      done += load.run();
      long used = server.compilerNanos() - compiled;
      boolean compiling = used < 0 || used > IDLE * (System.nanoTime() - turn);
      idle = compiling || seconds(server.startedAt) < FIRST_PINGS_SECONDS ? 0 : idle + 1;
    }
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }
}
