package dev.laravelrelay.laravel;

import dev.laravelrelay.call.CallEmitter;
import dev.laravelrelay.delivery.Emission;
import dev.laravelrelay.event.EmitRequest;
import dev.laravelrelay.event.EventCodec;
import dev.laravelrelay.metrics.RelayMetrics;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Emits what Laravel's replies to webhooks ask for, under the rules of {@code /api/emit}. One that
 * breaks them is left out, counted and logged. One that the relay cannot take now is tried again
 * for {@link #PATIENCE}, unless too many wait already. Safe from any thread; never blocks.
 */
public final class ReplyEmits {

  private static final Logger log = LoggerFactory.getLogger(ReplyEmits.class);

  /** For how long an emit is tried. */
  public static final Duration PATIENCE = Duration.ofSeconds(30);

  /** How many emits may wait to be tried again, each counting once for every {@link #PART}. */
  public static final int MAX_WAITING = 1_000;

  /** Bytes of an emit. */
  public static final int PART = 16 * 1024;

  private final EventCodec codec;
  private final CallEmitter emitter;
  private final int maxBytes;
  private final ScheduledExecutorService later;
  private final Duration patience;
  private final RelayMetrics metrics;
  private final Semaphore room = new Semaphore(MAX_WAITING);
  private final AtomicInteger waiting = new AtomicInteger();
  private volatile boolean stopped;

  /**
   * An emit on its way.
   *
   * @param parts what it takes of the room once it has to wait
   * @param until by {@link System#nanoTime}
   */
  private record Attempt(EmitRequest request, int parts, long until, boolean waits) {}

  /**
   * @param maxBytes the largest emit
   * @param later runs what has to wait
   * @param patience for how long an emit is tried
   */
  public ReplyEmits(
      EventCodec codec,
      CallEmitter emitter,
      int maxBytes,
      ScheduledExecutorService later,
      Duration patience,
      RelayMetrics metrics) {
    this.codec = codec;
    this.emitter = emitter;
    this.maxBytes = maxBytes;
    this.later = later;
    this.patience = patience;
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
          emit(
              new Attempt(
                  request, 1 + emit.length / PART, System.nanoTime() + patience.toNanos(), false));
      case EventCodec.Parsed.Invalid(var errors) -> invalid("an emit with " + errors.keySet());
      case EventCodec.Parsed.NotJson(String message) -> invalid(message);
    }
  }

  private void emit(Attempt attempt) {
    CompletableFuture.completedFuture(attempt.request)
        .thenCompose(emitter::emit)
        .whenComplete(
            (emission, failure) -> {
              boolean again =
                  switch (emission) {
                    case Emission.Unavailable(String _, int seconds) -> again(attempt, seconds);
                    case Emission.Busy(String _, int seconds) -> again(attempt, seconds);
                    case null, default -> false;
                  };
              if (!again) {
                room.release(attempt.waits ? attempt.parts : 0);
                emitted(emission, failure);
              }
            });
  }

  /**
   * Emits it then, with the same event id, by which a repeat is told; false if it must not wait.
   */
  private boolean again(Attempt attempt, int seconds) {
    boolean late = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds) > attempt.until;
    if (stopped || late || (!attempt.waits && !room.tryAcquire(attempt.parts))) {
      return false;
    }
    Attempt next = new Attempt(attempt.request, attempt.parts, attempt.until, true);
    metrics.webhookEmit("retried");
    waiting.incrementAndGet();
    later.schedule(
        () -> {
          if (!stopped) {
            waiting.decrementAndGet();
            emit(next);
          }
        },
        seconds,
        TimeUnit.SECONDS);
    return true;
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

  /** Tries nothing again; what waits is lost. */
  void stop() {
    stopped = true;
    if (waiting.get() > 0) {
      log.warn("{} emits in Laravel's replies to webhooks are lost", waiting.get());
    }
  }
}
