package dev.laravelrelay.redis;

import dev.laravelrelay.delivery.Notice;
import dev.laravelrelay.delivery.WebhookQueue;
import dev.laravelrelay.metrics.RelayMetrics;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * The notices that are on their way to Redis, in their order: one batch at a time, the next only
 * when that is kept. While Redis is away they wait here; past the limit the oldest is dropped and
 * counted. Safe from any thread; nothing blocks.
 */
final class UnkeptNotices {

  private static final int MAX_BATCH = 200;

  /**
   * One of them.
   *
   * @param kept completes when it is kept, or dropped
   */
  record Unkept(Notice notice, boolean alone, CompletableFuture<Void> kept) {

    int weight() {
      return WebhookQueue.weight(notice);
    }
  }

  private final int limit;
  private final RelayMetrics metrics;
  private final Function<List<Unkept>, CompletionStage<?>> keep;

  /** Guarded by this, as the rest. */
  private final Deque<Unkept> line = new ArrayDeque<>();

  private List<Unkept> batch = List.of();
  private long bytes;

  /** Whether the last batch failed: then nothing is sent but by {@link #retry}. */
  private boolean failing;

  /**
   * None yet.
   *
   * @param keep stores a batch, in one step; the same may come again after a failure
   */
  UnkeptNotices(int limit, RelayMetrics metrics, Function<List<Unkept>, CompletionStage<?>> keep) {
    this.limit = limit;
    this.metrics = metrics;
    this.keep = keep;
  }

  /** Hands it over; completes when it is kept. */
  CompletionStage<Void> add(Notice notice, boolean alone) {
    Unkept one = new Unkept(notice, alone, new CompletableFuture<>());
    List<Unkept> dropped = new ArrayList<>(0);
    synchronized (this) {
      line.add(one);
      bytes += one.weight();
      while (line.size() > limit || (bytes > WebhookQueue.MAX_BYTES && line.size() > 1)) {
        Unkept oldest = line.remove();
        bytes -= oldest.weight();
        dropped.add(oldest);
      }
    }
    for (Unkept lost : dropped) {
      metrics.webhookDropped("full");
      lost.kept().complete(null);
    }
    flush(false);
    return one.kept();
  }

  /** Sends again what failed; to be called now and then. */
  void retry() {
    flush(true);
  }

  /** Sends what waits, unless a batch is under way. */
  private void flush(boolean evenIfFailing) {
    List<Unkept> next;
    synchronized (this) {
      if (!batch.isEmpty() || line.isEmpty() || (failing && !evenIfFailing)) {
        return;
      }
      next = take();
      batch = next;
    }
    keep.apply(next).whenComplete((reply, failure) -> settled(next, failure == null));
  }

  private List<Unkept> take() {
    List<Unkept> taken = new ArrayList<>();
    int size = 0;
    while (!line.isEmpty() && taken.size() < MAX_BATCH && size < WebhookQueue.MAX_BATCH_BYTES) {
      Unkept one = line.remove();
      size += one.weight();
      taken.add(one);
    }
    return taken;
  }

  private void settled(List<Unkept> sent, boolean kept) {
    synchronized (this) {
      batch = List.of();
      failing = !kept;
      if (kept) {
        sent.forEach(one -> bytes -= one.weight());
      } else {
        sent.reversed().forEach(line::addFirst);
      }
    }
    if (kept) {
      sent.forEach(one -> one.kept().complete(null));
      flush(false);
    }
  }

  /** How many there are. */
  synchronized int size() {
    return line.size() + batch.size();
  }
}
