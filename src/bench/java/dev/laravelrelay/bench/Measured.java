package dev.laravelrelay.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;

/**
 * What a load cost.
 *
 * @param events how many came
 * @param nanos how long it took
 * @param serverNanos CPU time of the server
 * @param compilerNanos of that, its compilers'
 * @param ownNanos CPU time of the load generator
 */
record Measured(long events, long nanos, long serverNanos, long compilerNanos, long ownNanos) {

  static Measured of(ServerProcess server, Load load) throws IOException, InterruptedException {
    long serverNanos = server.cpuNanos();
    long compilerNanos = server.compilerNanos();
    long ownNanos = used();
    long start = System.nanoTime();
    long events = load.run();
    return new Measured(
        events,
        System.nanoTime() - start,
        server.cpuNanos() - serverNanos,
        Math.max(0, server.compilerNanos() - compilerNanos),
        used() - ownNanos);
  }

  private static long used() {
    var system =
        (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return system.getProcessCpuTime();
  }

  double perSecond() {
    return events * 1e9 / nanos;
  }

  /** The server's CPU for each event, in microseconds. */
  double cpu() {
    return micros(serverNanos);
  }

  /** Whether the server was compiling meanwhile. */
  boolean isWhileCompiling() {
    return compilerNanos > Warmup.IDLE * nanos;
  }

  private double micros(long all) {
    return all / 1e3 / events;
  }

  String describe(String event) {
    return "per %s: server %.1f µs (compilers %.1f), load generator %.1f µs (%.2f of a core)"
        .formatted(event, cpu(), micros(compilerNanos), micros(ownNanos), 1.0 * ownNanos / nanos);
  }
}
