package dev.laravelrelay.call;

import dev.laravelrelay.call.CallDirectory.Registration;
import dev.laravelrelay.delivery.Backlog;
import dev.laravelrelay.delivery.Emission;
import dev.laravelrelay.delivery.Emitter;
import dev.laravelrelay.event.CallTerms;
import dev.laravelrelay.event.EmitRequest;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Emits for Laravel, unless what is to be delivered already would keep the event waiting: where an
 * emit announces a call, the call is known before the event is on its way, so that no answer of a
 * phone comes too early; a repeat announces nothing. Safe from any thread; never blocks.
 */
public final class CallEmitter {

  private final CallDirectory directory;
  private final Emitter emitter;
  private final Backlog backlog;

  public CallEmitter(CallDirectory directory, Emitter emitter, Backlog backlog) {
    this.directory = directory;
    this.emitter = emitter;
    this.backlog = backlog;
  }

  /** As {@link #emit(EmitRequest)}, but empty instead of {@link Emission.Busy} for want of room. */
  public Optional<CompletableFuture<Emission>> offer(EmitRequest request) {
    return hasRoomFor(request) ? Optional.of(announce(request, () -> {})) : Optional.empty();
  }

  /** Emits the event, unless its call cannot be announced: then nothing is done. */
  public CompletableFuture<Emission> emit(EmitRequest request) {
    return emit(request, () -> {});
  }

  /** As {@link #emit(EmitRequest)}, with {@link Emitter#emit(EmitRequest, Runnable)}'s notice. */
  public CompletableFuture<Emission> emit(EmitRequest request, Runnable handedOver) {
    return hasRoomFor(request)
        ? announce(request, handedOver)
        : CompletableFuture.completedFuture(new Emission.Busy(request.event().id(), 1));
  }

  private boolean hasRoomFor(EmitRequest request) {
    return backlog.hasRoomFor(request.event().target());
  }

  private CompletableFuture<Emission> announce(EmitRequest request, Runnable handedOver) {
    CallTerms call = request.call();
    if (call == null) {
      return emitter.emit(request, handedOver);
    }
    return emitter.emit(request, () -> refusal(request.event().id(), call), handedOver);
  }

  private CompletionStage<Optional<Emission>> refusal(String id, CallTerms call) {
    return directory
        .register(call)
        .thenApply(
            registration ->
                switch (registration) {
                  case Registration.Registered _ -> Optional.empty();
                  case Registration.Taken _ -> Optional.of(new Emission.CallTaken(id));
                  case Registration.Unavailable(int retryAfter) ->
                      Optional.of(new Emission.Unavailable(id, retryAfter));
                });
  }
}
