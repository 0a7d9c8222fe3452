package dev.laravelrelay.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * How fast the machine is from moment to moment: a virtual one shares its caches and memory with
 * others, and the same work then takes more of its CPU time. Judged by a fixed piece of work on all
 * cores: a walk through more memory than a core's own caches hold, as a server does it.
 */
final class Quiet {

  private static final double NEARLY = 1.15;
  private static final int STEPS = 1_000_000;
  private static final int[] NEXT = oneCycle(4 << 20);
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
    List<Callable<Integer>> shares = Collections.nCopies(cores, Quiet::walk);
    long start = System.nanoTime();
    for (Future<Integer> share : threads.invokeAll(shares)) {
      try {
        if (share.get() == 0) {
          throw new IllegalStateException("the walk is longer than that");
        }
      } catch (ExecutionException e) {
        throw new IllegalStateException(e);
      }
    }
    return (System.nanoTime() - start) / 1e6;
  }

  private static int walk() {
    int at = 0;
    for (int i = 0; i < STEPS; i++) {
      at = NEXT[at];
    }
    return at;
  }

  /** For each place the next of a random walk that comes to all (Sattolo's algorithm). */
  private static int[] oneCycle(int length) {
    int[] next = new int[length];
    Arrays.setAll(next, i -> i);
    Random random = new Random(length);
    for (int i = length - 1; i > 0; i--) {
      int other = random.nextInt(i);
      int moved = next[i];
      next[i] = next[other];
      next[other] = moved;
    }
    return next;
  }

  /** How it was before the stages. */
  String describe() {
    if (millis.isEmpty()) {
      return "not judged";
    }
    List<Double> sorted = millis.stream().sorted().toList();
    return "a walk through memory before the stages took %.2f times as long as at its fastest (%.2f–%.2f)"
        .formatted(
            sorted.get(sorted.size() / 2) / fastest,
            sorted.getFirst() / fastest,
            sorted.getLast() / fastest);
  }
}
