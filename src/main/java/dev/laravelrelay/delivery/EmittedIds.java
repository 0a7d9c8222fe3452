package dev.laravelrelay.delivery;

import dev.laravelrelay.event.EmitRequest;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Remembers for five minutes what became of each emit that brought an id, so that a repeat is
 * answered and not emitted again. Bounded. Safe from any thread; never blocks.
 */
public interface EmittedIds {

  /** For how long an id is remembered. */
  Duration REMEMBERED_FOR = Duration.ofMinutes(5);

  /**
   * Emits, unless the request's id is known: then answers what became of it, also while that is
   * still under way, or that it was another event. What was not taken is not remembered.
   */
  CompletableFuture<Emission> once(EmitRequest request, Supplier<CompletableFuture<Emission>> emit);
}
