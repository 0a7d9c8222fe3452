package dev.laravelrelay.laravel;

import dev.laravelrelay.call.CallEmitter;
import dev.laravelrelay.delivery.Emission;
import dev.laravelrelay.event.EventCodec;
import dev.laravelrelay.metrics.RelayMetrics;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Emits what Laravel's replies to webhooks ask for, under the rules of {@code /api/emit}. One that
 * breaks them is left out, counted and logged. Safe from any thread; never blocks.
 */
public final class ReplyEmits {

  private static final Logger log = LoggerFactory.getLogger(ReplyEmits.class);

  private final EventCodec codec;
  private final CallEmitter emitter;
  private final int maxBytes;
  private final RelayMetrics metrics;

  /**
   * @param maxBytes the largest emit
   */
  public ReplyEmits(EventCodec codec, CallEmitter emitter, int maxBytes, RelayMetrics metrics) {
    this.codec = codec;
    this.emitter = emitter;
    this.maxBytes = maxBytes;
    this.metrics = metrics;
  }

  void emit(WebhookReply reply) {
    reply.emits().forEach(this::emit);
    reply.problems().forEach(this::invalid);
  }

  private void emit(byte[] emit) {
    if (emit.length > maxBytes) {
      invalid("an emit of " + emit.length + " bytes");
      return;
    }
    switch (codec.parse(emit, null)) {
      case EventCodec.Parsed.Valid(var request) ->
          emitter.emit(request).whenComplete(this::emitted);
      case EventCodec.Parsed.Invalid(var errors) -> invalid("an emit with " + errors.keySet());
      case EventCodec.Parsed.NotJson(String message) -> invalid(message);
    }
  }

  private void emitted(@Nullable Emission emission, @Nullable Throwable failure) {
    if (emission instanceof Emission.Accepted) {
      metrics.webhookEmit("emitted");
    } else {
      metrics.webhookEmit("refused");
      log.warn("an emit in Laravel's reply to a webhook was not taken: {}", emission, failure);
    }
  }

  private void invalid(String what) {
    metrics.webhookEmit("invalid");
    log.warn("Laravel's reply to a webhook has {}: not emitted", what);
  }
}
