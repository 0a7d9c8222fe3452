package dev.laravelrelay.laravel;

import dev.laravelrelay.call.CallEmitter;
import dev.laravelrelay.delivery.Emission;
import dev.laravelrelay.event.EmitRequest;
import dev.laravelrelay.event.EventCodec;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.metrics.RelayMetrics;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Emits what Laravel's replies to webhooks ask for, under the rules of {@code /api/emit}. One that
 * breaks them is left out, counted and logged. One that the relay cannot take now is tried again
 * for {@link #PATIENCE}, unless too many wait already, and later ones to its target wait behind it.
 * Safe from any thread; never blocks.
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

  /** What waits, by target: none to the same target overtakes. Guarded by this, as the rest. */
  private final Map<Target, ArrayDeque<Attempt>> lines = new HashMap<>();

  private boolean stopped;

  /**
   * An emit on its way.
   *
   * @param parts what it takes of the room once it has to wait
   * @param until by {@link System#nanoTime}
   */
  private record Attempt(EmitRequest request, int parts, long until) {

    Target target() {
      return request.event().target();
    }

    /** After how many seconds to try again, if that is of use. */
    OptionalInt again(@Nullable Emission emission) {
      int seconds =
          switch (emission) {
            case Emission.Unavailable(String _, int after) when isWhole() -> after;
            case Emission.Busy(String _, int after) -> after;
            case null, default -> -1;
          };
      boolean late = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds) > until;
      return seconds < 0 || late ? OptionalInt.empty() : OptionalInt.of(seconds);
    }

    /** Whether it reaches its target or does not: no part of it may have been reached. */
    private boolean isWhole() {
      return switch (target()) {
        case Target.Users(List<String> users) -> users.size() == 1;
        case Target.Channels(List<String> channels) -> channels.size() == 1;
        case Target.User _, Target.Socket _, Target.Everyone _ -> true;
      };
    }
  }

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
          begin(
              new Attempt(request, 1 + emit.length / PART, System.nanoTime() + patience.toNanos()));
      case EventCodec.Parsed.Invalid(var errors) -> invalid("an emit with " + errors.keySet());
      case EventCodec.Parsed.NotJson(String message) -> invalid(message);
    }
  }

  private void begin(Attempt attempt) {
    if (isBehindOthers(attempt)) {
      if (!join(attempt, 0)) {
        emitted(new Emission.Busy(attempt.request.event().id(), 1), null);
      }
      return;
    }
    emit(attempt)
        .whenComplete(
            (emission, failure) -> {
              OptionalInt seconds = attempt.again(emission);
              if (seconds.isEmpty() || !join(attempt, seconds.getAsInt())) {
                emitted(emission, failure);
              }
            });
  }

  private CompletableFuture<Emission> emit(Attempt attempt) {
    return CompletableFuture.completedFuture(attempt.request).thenCompose(emitter::emit);
  }

  private synchronized boolean isBehindOthers(Attempt attempt) {
    return lines.containsKey(attempt.target());
  }

  /** Has it wait, the first of a line for so long; false if it must not. */
  private synchronized boolean join(Attempt attempt, int seconds) {
    if (stopped || !room.tryAcquire(attempt.parts)) {
      return false;
    }
    ArrayDeque<Attempt> line =
        lines.computeIfAbsent(attempt.target(), target -> new ArrayDeque<>(1));
    line.add(attempt);
    if (line.size() == 1) {
      tryFirst(attempt.target(), seconds);
    }
    return true;
  }

  private void tryFirst(Target target, int seconds) {
    metrics.webhookEmit("retried");
    later.schedule(() -> tryFirst(target), seconds, TimeUnit.SECONDS);
  }

  /** Emits the first of the line, with the same event id, by which a repeat is told. */
  private void tryFirst(Target target) {
    Attempt first = firstOf(target);
    if (first == null) {
      return;
    }
    emit(first)
        .whenComplete(
            (emission, failure) -> {
              OptionalInt seconds = first.again(emission);
              if (seconds.isPresent()) {
                tryFirst(target, seconds.getAsInt());
              } else {
                leave(first);
                emitted(emission, failure);
              }
            });
  }

  private synchronized @Nullable Attempt firstOf(Target target) {
    return stopped ? null : lineOf(target).peek();
  }

  private ArrayDeque<Attempt> lineOf(Target target) {
    return Objects.requireNonNull(lines.get(target));
  }

  /** The first of its line waits no more: it is the next one's turn. */
  private synchronized void leave(Attempt first) {
    room.release(first.parts);
    ArrayDeque<Attempt> line = lineOf(first.target());
    line.remove();
    if (line.isEmpty()) {
      lines.remove(first.target());
    } else if (!stopped) {
      tryFirst(first.target(), 0);
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

  /** Tries nothing again; what waits is lost. */
  synchronized void stop() {
    stopped = true;
    int waiting = lines.values().stream().mapToInt(ArrayDeque::size).sum();
    if (waiting > 0) {
      log.warn("{} emits in Laravel's replies to webhooks are lost", waiting);
    }
  }
}
