package dev.laravelrelay.http;

import dev.laravelrelay.call.CallEmitter;
import dev.laravelrelay.delivery.Emission;
import dev.laravelrelay.event.EmitBatch;
import dev.laravelrelay.event.EmitRequest;
import dev.laravelrelay.event.EventCodec;
import dev.laravelrelay.event.EventCodec.Parsed;
import dev.laravelrelay.metrics.RelayMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import tools.jackson.core.JsonGenerator;

/**
 * {@code POST /api/emit/batch}: many emits in one request, emitted in their order. One that is bad
 * fails alone. Answered when the last verdict is there; no thread waits for it.
 */
final class BatchRoute implements EmitHandler.Route {

  private sealed interface Result {

    record Emitted(EmitReply reply) implements Result {}

    record Refused(int status, Map<String, ?> body) implements Result {}
  }

  /** In all a batch waits a second for room; what then has none is refused. */
  private static final int MAX_LOOKS = 200;

  private static final long LOOK_MILLIS = 5;

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

  @Override
  public int limit() {
    return limit;
  }

  @Override
  public boolean isShort(byte[] body) {
    return false;
  }

  @Override
  public void handle(Exchange exchange, byte[] body, long start) {
    if (exchange.header("Idempotency-Key") != null) {
      String sentence = "The Idempotency-Key is for single emits: give each emit its own id.";
      errors.invalid(exchange, Map.of("id", List.of(sentence)));
      return;
    }
    switch (EmitBatch.parse(body, codec)) {
      case EmitBatch.NotJson(String message) -> errors.refuse(exchange, 400, message);
      case EmitBatch.Invalid(var problems) -> errors.invalid(exchange, problems);
      case EmitBatch.Items(List<EmitBatch.Item> emits) -> new Emits(exchange, emits, start).goOn();
    }
  }

  /**
   * The emits of one request. One for which there is no room makes those behind it wait with it, so
   * that who sends batch after batch is slowed down, not refused; no thread waits.
   */
  private final class Emits {

    private final Exchange exchange;
    private final List<EmitBatch.Item> items;
    private final long start;
    private final List<CompletableFuture<Result>> results;
    private int looks;

    private Emits(Exchange exchange, List<EmitBatch.Item> items, long start) {
      this.exchange = exchange;
      this.items = items;
      this.start = start;
      this.results = new ArrayList<>(items.size());
    }

    private void goOn() {
      while (results.size() < items.size()) {
        Optional<CompletableFuture<Result>> result = result(items.get(results.size()));
        if (result.isEmpty()) {
          if (looks++ == 0) {
            metrics.backlogAwaited();
          }
          CompletableFuture.delayedExecutor(LOOK_MILLIS, TimeUnit.MILLISECONDS, threads)
              .execute(this::goOnLater);
          return;
        }
        results.add(result.get());
      }
      answerWhenDone();
    }

    private void goOnLater() {
      try {
        goOn();
      } catch (RuntimeException e) {
        errors.fail(exchange, e);
      }
    }

    /** Empty if the emit is to wait for room. */
    private Optional<CompletableFuture<Result>> result(EmitBatch.Item item) {
      if (item.bytes() > itemLimit) {
        String sentence = "The emit must not be larger than %d bytes.".formatted(itemLimit);
        return Optional.of(refused(413, Map.of("message", sentence)));
      }
      return switch (item.emit()) {
        case Parsed.Invalid(var problems) ->
            Optional.of(refused(422, ApiErrors.invalidBody(problems)));
        case Parsed.Valid(EmitRequest request) -> emitted(request);
      };
    }

    private Optional<CompletableFuture<Result>> emitted(EmitRequest request) {
      Optional<CompletableFuture<Emission>> emission =
          looks < MAX_LOOKS ? emitter.offer(request) : Optional.of(emitter.emit(request));
      return emission.map(
          future ->
              future.thenApply(done -> new Result.Emitted(EmitReply.of(done, start, metrics))));
    }

    private void answerWhenDone() {
      CompletableFuture<Void> all =
          CompletableFuture.allOf(results.toArray(CompletableFuture[]::new));
      Executor by = all.isDone() ? Runnable::run : threads;
      all.whenCompleteAsync(
          (done, failure) -> {
            if (failure == null) {
              answer(exchange, results);
            } else {
              errors.fail(exchange, failure);
            }
          },
          by);
    }
  }

  private CompletableFuture<Result> refused(int status, Map<String, ?> body) {
    errors.refused(status);
    return CompletableFuture.completedFuture(new Result.Refused(status, body));
  }

  private static void answer(Exchange exchange, List<CompletableFuture<Result>> results) {
    byte[] json =
        JsonBytes.object(
            out -> {
              out.writeArrayPropertyStart("results");
              results.forEach(result -> write(result.join(), out));
              out.writeEndArray();
            });
    exchange.answer(200, json);
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
