package dev.laravelrelay.delivery;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.laravelrelay.event.EmitRequest;
import dev.laravelrelay.metrics.RelayMetrics;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * The ids that came to this node, in its memory. Past the limit the least used is forgotten early,
 * and counted.
 */
public final class MemoryEmittedIds implements EmittedIds {

  /** How many ids are remembered at most. */
  public static final int LIMIT = 200_000;

  private record Emitted(long fingerprint, CompletableFuture<Emission> emission) {}

  private final Cache<String, Emitted> emitted;
  private final RelayMetrics metrics;

  public MemoryEmittedIds(RelayMetrics metrics, Ticker ticker) {
    this.metrics = metrics;
    this.emitted =
        Caffeine.newBuilder()
            .ticker(ticker)
            .expireAfterWrite(REMEMBERED_FOR)
            .maximumSize(LIMIT)
            .evictionListener(
                (id, entry, cause) -> {
                  if (cause == RemovalCause.SIZE) {
                    metrics.emittedIdForgotten();
                  }
                })
            .build();
    metrics.gauge("relay_emitted_ids", "Ids remembered", emitted::estimatedSize);
  }

  @Override
  public CompletableFuture<Emission> once(
      EmitRequest request, Supplier<CompletableFuture<Emission>> emit) {
    String id = request.event().id();
    CompletableFuture<Emission> emission = new CompletableFuture<>();
    Emitted mine = new Emitted(request.fingerprint(), emission);
    Emitted first = emitted.asMap().putIfAbsent(id, mine);
    if (first != null) {
      return repeat(request, first);
    }
    return started(emit)
        .whenComplete(
            (done, failure) -> {
              if (!(done instanceof Emission.Accepted)) {
                emitted.asMap().remove(id, mine);
              }
              if (failure == null) {
                emission.complete(done);
              } else {
                emission.completeExceptionally(failure);
              }
            });
  }

  /** What throws before it returns a future is a failure like any other: the id is not kept. */
  private static CompletableFuture<Emission> started(Supplier<CompletableFuture<Emission>> emit) {
    try {
      return emit.get();
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private CompletableFuture<Emission> repeat(EmitRequest request, Emitted first) {
    if (first.fingerprint() != request.fingerprint()) {
      return CompletableFuture.completedFuture(new Emission.Conflict(request.event().id()));
    }
    metrics.emitRepeated();
    return first
        .emission()
        .thenApply(
            done -> done instanceof Emission.Accepted accepted ? accepted.asDuplicate() : done);
  }
}
