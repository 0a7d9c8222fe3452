package dev.laravelrelay.delivery;

import dev.laravelrelay.event.EmitRequest;
import java.util.concurrent.CompletableFuture;

public final class Emitter {
  public CompletableFuture<Emission> emit(EmitRequest request) {
    throw new IllegalStateException();
  }
}
