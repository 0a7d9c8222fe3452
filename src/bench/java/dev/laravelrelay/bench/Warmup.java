package dev.laravelrelay.bench;

import java.io.IOException;

/**
 * Load that is not measured: until so many events have come, and the server's compilers have little
 * left to do. While they compile they take up to half of two cores, which is no event's cost.
 */
final class Warmup {

  /** Some load, of about a second; returns how many events came. */
  @FunctionalInterface
  interface Load {
    long run() throws IOException, InterruptedException;
  }

  /** Below this share of a core the compilers count as idle. */
  private static final double IDLE = 0.03;

  private Warmup() {}

  static void run(ServerProcess server, Pace pace, long events, Load load)
      throws IOException, InterruptedException {
    long start = System.nanoTime();
    long done = 0;
    boolean compiling = true;
    while (done < events || (compiling && seconds(start) < pace.warmSeconds())) {
      long turn = System.nanoTime();
      long compiled = server.compilerNanos();
      done += load.run();
      long used = server.compilerNanos() - compiled;
      compiling = used < 0 || used > IDLE * (System.nanoTime() - turn);
    }
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }
}
