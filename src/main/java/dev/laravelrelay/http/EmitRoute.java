package dev.laravelrelay.http;

import dev.laravelrelay.call.CallEmitter;
import dev.laravelrelay.delivery.Emission;
import dev.laravelrelay.event.EmitRequest;
import dev.laravelrelay.event.EventCodec;
import dev.laravelrelay.event.EventCodec.Parsed;
import dev.laravelrelay.metrics.RelayMetrics;
import org.eclipse.jetty.http.HttpHeader;

/**
 * {@code POST /api/emit}: hop 1 of an event's way. Every 4xx ends here. Never blocks: the verdict
 * is answered by the thread that makes it, be it a selector's or an event loop's.
 */
final class EmitRoute implements EmitHandler.Route {

  /** Above this many bytes reading the emit would hold up those who wait for the thread. */
  private static final int SHORT_BYTES = 16 * 1_024;

  private final int limit;
  private final EventCodec codec;
  private final CallEmitter emitter;
  private final ApiErrors errors;
  private final RelayMetrics metrics;

  /**
   * @param limit the largest body, in bytes
   */
  EmitRoute(
      int limit, EventCodec codec, CallEmitter emitter, ApiErrors errors, RelayMetrics metrics) {
    this.limit = limit;
    this.codec = codec;
    this.emitter = emitter;
    this.errors = errors;
    this.metrics = metrics;
  }

  @Override
  public int limit() {
    return limit;
  }

  @Override
  public boolean isShort(byte[] body) {
    return body.length <= SHORT_BYTES;
  }

  @Override
  public void handle(Exchange exchange, byte[] body, long start) {
    switch (codec.parse(body, exchange.header("Idempotency-Key"))) {
      case Parsed.NotJson(String message) -> errors.refuse(exchange, 400, message);
      case Parsed.Invalid(var problems) -> errors.invalid(exchange, problems);
      case Parsed.Valid(EmitRequest request) ->
          emitter
              .emit(request)
              .whenComplete(
                  (emission, failure) -> {
                    if (failure == null) {
                      answer(exchange, emission, start);
                    } else {
                      errors.fail(exchange, failure);
                    }
                  });
    }
  }

  private void answer(Exchange exchange, Emission emission, long start) {
    EmitReply reply = EmitReply.of(emission, start, metrics);
    if (emission instanceof Emission.Unavailable unavailable) {
      retryAfter(exchange, unavailable.retryAfterSeconds());
    }
    if (emission instanceof Emission.Busy busy) {
      retryAfter(exchange, busy.retryAfterSeconds());
    }
    exchange.answer(reply.status(), JsonBytes.object(reply::write));
  }

  private static void retryAfter(Exchange exchange, int seconds) {
    exchange.answerWith(HttpHeader.RETRY_AFTER, Integer.toString(seconds));
  }
}
