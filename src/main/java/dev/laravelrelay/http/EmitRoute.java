package dev.laravelrelay.http;

import dev.laravelrelay.call.CallEmitter;
import dev.laravelrelay.delivery.Emission;
import dev.laravelrelay.event.EmitRequest;
import dev.laravelrelay.event.EventCodec;
import dev.laravelrelay.event.EventCodec.Parsed;
import dev.laravelrelay.metrics.RelayMetrics;
import io.javalin.http.Context;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * {@code POST /api/emit}: hop 1 of an event's way. Every 4xx ends here. Where the verdict is known
 * at once it is answered on the request's thread; otherwise no thread waits for it.
 */
final class EmitRoute {

  private final int limit;
  private final EventCodec codec;
  private final CallEmitter emitter;
  private final ApiErrors errors;
  private final RelayMetrics metrics;
  private final Executor threads;

  /**
   * @param limit the largest body, in bytes
   * @param threads write the answers that come late
   */
  EmitRoute(
      int limit,
      EventCodec codec,
      CallEmitter emitter,
      ApiErrors errors,
      RelayMetrics metrics,
      Executor threads) {
    this.limit = limit;
    this.codec = codec;
    this.emitter = emitter;
    this.errors = errors;
    this.metrics = metrics;
    this.threads = threads;
  }

  void handle(Context ctx) {
    long start = System.nanoTime();
    switch (RequestBody.read(ctx.req(), limit)) {
      case RequestBody.Refused refused -> errors.refuseUnread(ctx, refused);
      case RequestBody.Whole(byte[] body) -> {
        switch (codec.parse(body, ctx.req().getHeader("Idempotency-Key"))) {
          case Parsed.NotJson(String message) -> errors.refuse(ctx, 400, message);
          case Parsed.Invalid(var problems) -> errors.invalid(ctx, problems);
          case Parsed.Valid(EmitRequest request) -> emit(ctx, request, start);
        }
      }
    }
  }

  private void emit(Context ctx, EmitRequest request, long start) {
    CompletableFuture<Emission> emission = emitter.emit(request);
    if (emission.isDone()) {
      answer(ctx, emission.join(), start);
    } else {
      ctx.future(() -> emission.thenAcceptAsync(late -> answer(ctx, late, start), threads));
    }
  }

  private void answer(Context ctx, Emission emission, long start) {
    EmitReply reply = EmitReply.of(emission, start, metrics);
    if (emission instanceof Emission.Unavailable unavailable) {
      ctx.header("Retry-After", Integer.toString(unavailable.retryAfterSeconds()));
    }
    if (emission instanceof Emission.Busy busy) {
      ctx.header("Retry-After", Integer.toString(busy.retryAfterSeconds()));
    }
    ctx.status(reply.status());
    JsonBytes.send(ctx, JsonBytes.object(reply::write));
  }
}
