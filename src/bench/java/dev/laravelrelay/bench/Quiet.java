package dev.laravelrelay.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * How fast the machine is from moment to moment: a virtual one shares its cores with others, and
 * the same work then takes more of its CPU time. Judged by a fixed piece of work on all cores.
 */
final class Quiet {

  private static final double NEARLY = 1.15;
  private static final int STEPS = 20_000_000;
  private static final int REHEARSALS = 10;

  private final int cores = Runtime.getRuntime().availableProcessors();
  private final ExecutorService threads =
      Executors.newFixedThreadPool(cores, Thread.ofPlatform().daemon().factory());
  private final List<Double> millis = new ArrayList<>();
  private double fastest = Double.MAX_VALUE;

  /** Waits until the work takes about as long as at its fastest, but no longer than this. */
  void await(double seconds) throws InterruptedException {
    long start = System.nanoTime();
    if (millis.isEmpty()) {
      for (int i = 0; i < REHEARSALS; i++) {
        fastest = Math.min(fastest, work());
      }
    }
    double now = work();
    while (now > NEARLY * fastest && System.nanoTime() - start < seconds * 1e9) {
      TimeUnit.MILLISECONDS.sleep(200);
      now = work();
    }
    fastest = Math.min(fastest, now);
    millis.add(now);
  }

  /** Milliseconds. */
  private double work() throws InterruptedException {
    List<Callable<Long>> shares = Collections.nCopies(cores, Quiet::compute);
    long start = System.nanoTime();
    for (Future<Long> share : threads.invokeAll(shares)) {
      try {
        if (share.get() == 0) {
          throw new IllegalStateException("a xorshift never comes to 0");
        }
      } catch (ExecutionException e) {
        throw new IllegalStateException(e);
      }
    }
    return (System.nanoTime() - start) / 1e6;
  }

  private static long compute() {
    long value = 88_172_645_463_325_252L;
    for (int i = 0; i < STEPS; i++) {
      value ^= value << 13;
      value ^= value >>> 7;
      value ^= value << 17;
    }
    return value;
  }

  /** How it was before the stages. */
  String describe() {
    if (millis.isEmpty()) {
      return "not judged";
    }
    List<Double> sorted = millis.stream().sorted().toList();
    return "fixed work before the stages took %.2f times as long as at its fastest (%.2f–%.2f)"
        .formatted(
            sorted.get(sorted.size() / 2) / fastest,
            sorted.getFirst() / fastest,
            sorted.getLast() / fastest);
  }
}
