package dev.laravelrelay.http;

import dev.laravelrelay.call.CallEmitter;
import dev.laravelrelay.event.EmitBatch;
import dev.laravelrelay.event.EmitRequest;
import dev.laravelrelay.event.EventCodec;
import dev.laravelrelay.event.EventCodec.Parsed;
import dev.laravelrelay.metrics.RelayMetrics;
import io.javalin.http.Context;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import tools.jackson.core.JsonGenerator;

/**
 * {@code POST /api/emit/batch}: many emits in one request, emitted in their order. One that is bad
 * fails alone. Answered when the last verdict is there; no thread waits for it.
 */
final class BatchRoute {

  private sealed interface Result {

    record Emitted(EmitReply reply) implements Result {}

    record Refused(int status, Map<String, ?> body) implements Result {}
  }

  private final int limit;
  private final int itemLimit;
  private final EventCodec codec;
  private final CallEmitter emitter;
  private final ApiErrors errors;
  private final RelayMetrics metrics;
  private final Executor threads;

  /**
   * @param limit the largest body, in bytes
   * @param itemLimit the largest emit in it, in bytes
   * @param threads write the answers that come late
   */
  BatchRoute(
      int limit,
      int itemLimit,
      EventCodec codec,
      CallEmitter emitter,
      ApiErrors errors,
      RelayMetrics metrics,
      Executor threads) {
    this.limit = limit;
    this.itemLimit = itemLimit;
    this.codec = codec;
    this.emitter = emitter;
    this.errors = errors;
    this.metrics = metrics;
    this.threads = threads;
  }

  void handle(Context ctx) {
    long start = System.nanoTime();
    if (ctx.req().getHeader("Idempotency-Key") != null) {
      String sentence = "The Idempotency-Key is for single emits: give each emit its own id.";
      errors.invalid(ctx, Map.of("id", List.of(sentence)));
      return;
    }
    switch (RequestBody.read(ctx.req(), limit)) {
      case RequestBody.Refused refused -> errors.refuseUnread(ctx, refused);
      case RequestBody.Whole(byte[] body) -> {
        switch (EmitBatch.split(body)) {
          case EmitBatch.NotJson(String message) -> errors.refuse(ctx, 400, message);
          case EmitBatch.Invalid(var problems) -> errors.invalid(ctx, problems);
          case EmitBatch.Items(List<byte[]> emits) -> emit(ctx, emits, start);
        }
      }
    }
  }

  private void emit(Context ctx, List<byte[]> emits, long start) {
    List<CompletableFuture<Result>> results = new ArrayList<>(emits.size());
    emits.forEach(emit -> results.add(result(emit, start)));
    CompletableFuture<Void> all =
        CompletableFuture.allOf(results.toArray(CompletableFuture[]::new));
    if (all.isDone()) {
      answer(ctx, results);
    } else {
      ctx.future(() -> all.thenRunAsync(() -> answer(ctx, results), threads));
    }
  }

  private CompletableFuture<Result> result(byte[] emit, long start) {
    if (emit.length > itemLimit) {
      String sentence = "The emit must not be larger than %d bytes.".formatted(itemLimit);
      return refused(413, Map.of("message", sentence));
    }
    return switch (codec.parse(emit, null)) {
      case Parsed.NotJson(String message) -> refused(400, Map.of("message", message));
      case Parsed.Invalid(var problems) -> refused(422, ApiErrors.invalidBody(problems));
      case Parsed.Valid(EmitRequest request) ->
          emitter
              .emit(request)
              .thenApply(emission -> new Result.Emitted(EmitReply.of(emission, start, metrics)));
    };
  }

  private CompletableFuture<Result> refused(int status, Map<String, ?> body) {
    errors.refused(status);
    return CompletableFuture.completedFuture(new Result.Refused(status, body));
  }

  private static void answer(Context ctx, List<CompletableFuture<Result>> results) {
    byte[] json =
        JsonBytes.object(
            out -> {
              out.writeArrayPropertyStart("results");
              results.forEach(result -> write(result.join(), out));
              out.writeEndArray();
            });
    JsonBytes.send(ctx, json);
  }

  private static void write(Result result, JsonGenerator out) {
    out.writeStartObject();
    switch (result) {
      case Result.Emitted(EmitReply reply) -> {
        out.writeNumberProperty("status", reply.status());
        reply.write(out);
      }
      case Result.Refused(int status, Map<String, ?> body) -> {
        out.writeNumberProperty("status", status);
        body.forEach(out::writePOJOProperty);
      }
    }
    out.writeEndObject();
  }
}
