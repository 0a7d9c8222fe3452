package dev.laravelrelay.redis;

import dev.laravelrelay.delivery.Backplane.Reach;
import dev.laravelrelay.metrics.RelayMetrics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the nodes that heard a publication of this node report: how many sessions they handed it to.
 * Safe from any thread; nothing blocks.
 */
final class Reports {

  /** How many publications may wait for reports. */
  static final int LIMIT = 20_000;

  private final ConcurrentMap<Long, Awaited> awaited = new ConcurrentHashMap<>();
  private final AtomicLong numbers = new AtomicLong();
  private final RelayMetrics metrics;

  Reports(RelayMetrics metrics) {
    this.metrics = metrics;
    metrics.gauge("relay_reports_awaited", "Events whose reports are awaited", awaited::size);
  }

  /** Whether there is no room for another. */
  boolean isFull() {
    return awaited.size() >= LIMIT;
  }

  /** Collects the reports of a publication that is about to be made. */
  Awaited open() {
    Awaited opened = new Awaited(numbers.incrementAndGet());
    awaited.put(opened.number, opened);
    return opened;
  }

  /** A report. One that nobody waits for is dropped. */
  void add(long publication, List<Reach> reached) {
    Awaited waiting = awaited.get(publication);
    if (waiting != null) {
      waiting.add(reached);
    }
  }

  /** The reports of one publication. */
  final class Awaited {

    private final long number;
    private final List<Reach> reached = new ArrayList<>();
    private final CompletableFuture<Void> all = new CompletableFuture<>();
    private int come;
    private int expected = Integer.MAX_VALUE;

    private Awaited(long number) {
      this.number = number;
    }

    /** Under which the nodes report. */
    long number() {
      return number;
    }

    private synchronized void add(List<Reach> more) {
      reached.addAll(more);
      come++;
      if (come >= expected) {
        all.complete(null);
      }
    }

    /** Completes when so many reports have come, or when the time is over, with all of them. */
    CompletionStage<List<Reach>> of(int reports, Duration within) {
      synchronized (this) {
        expected = reports;
        if (come >= expected) {
          all.complete(null);
        }
      }
      return all.completeOnTimeout(null, within.toMillis(), TimeUnit.MILLISECONDS)
          .thenApply(ignored -> close());
    }

    /** Collects no more. */
    synchronized List<Reach> close() {
      awaited.remove(number);
      if (expected != Integer.MAX_VALUE && come < expected) {
        metrics.reportsMissing(expected - come);
      }
      return List.copyOf(reached);
    }
  }
}
