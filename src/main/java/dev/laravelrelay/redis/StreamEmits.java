package dev.laravelrelay.redis;

import dev.laravelrelay.call.CallEmitter;
import dev.laravelrelay.delivery.Emission;
import dev.laravelrelay.event.EmitRequest;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.EventCodec;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.metrics.RelayMetrics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol;

/**
 * Emits the entries of one stream under the rules of {@code /api/emit}. An entry is acknowledged
 * when its verdict is there; one that the backplane does not take is tried again; one that can
 * never be emitted goes to the dead ones, with the reason, before it is acknowledged. An emit to a
 * user waits until what came before it to that user has been handed over. Never blocks.
 */
final class StreamEmits {

  private static final Logger log = LoggerFactory.getLogger(StreamEmits.class);

  /** How many dead ones are kept; the oldest goes first. */
  static final int MAX_DEAD = 1_000;

  /** How often an emit may fail for no known reason. */
  private static final int MAX_FAILURES = 5;

  private static final long RETRY_MILLIS = 250;
  private static final int MAX_REASON = 1_000;

  /** What an entry may be cut to beyond the largest emit. */
  private static final int RESERVE = 1_024;

  private final String stream;
  private final byte[] dead;
  private final RedisLane lane;
  private final StreamInFlight inFlight;
  private final StreamAcks acks;
  private final EventCodec codec;
  private final CallEmitter emitter;
  private final int maxBytes;
  private final ScheduledExecutorService later;
  private final RelayMetrics metrics;
  private final BooleanSupplier mine;
  private final Turns turns = new Turns();

  /**
   * The way of an emit that was read.
   *
   * @param maxBytes the largest one
   * @param later runs what has to wait
   */
  record Way(EventCodec codec, CallEmitter emitter, int maxBytes, ScheduledExecutorService later) {}

  /** One emit on its way. */
  private record Emit(StreamEntry entry, EmitRequest request, Turns.Turn turn, int failures) {

    private Emit failed() {
      return new Emit(entry, request, turn, failures + 1);
    }
  }

  /**
   * Emits the entries of that stream.
   *
   * @param mine whether this node is the one that reads it
   */
  StreamEmits(
      String stream,
      RedisLane lane,
      StreamInFlight inFlight,
      StreamAcks acks,
      Way way,
      RelayMetrics metrics,
      BooleanSupplier mine) {
    this.stream = stream;
    this.dead = RedisNames.utf8(stream + ":dead");
    this.lane = lane;
    this.inFlight = inFlight;
    this.acks = acks;
    this.codec = way.codec();
    this.emitter = way.emitter();
    this.maxBytes = way.maxBytes();
    this.later = way.later();
    this.metrics = metrics;
    this.mine = mine;
  }

  /** Takes an entry that was read; one that is under way already is left alone: false. */
  boolean take(StreamEntry entry) {
    if (!inFlight.add(entry)) {
      return false;
    }
    byte[] emit = entry.emit();
    if (emit == null) {
      bury(entry, "malformed", "The entry must have one field, emit: the emit's JSON.");
    } else if (emit.length > maxBytes) {
      String reason = "The emit must not be larger than %d bytes.".formatted(maxBytes);
      bury(entry, "malformed", reason);
    } else {
      switch (codec.parse(emit, null)) {
        case EventCodec.Parsed.NotJson(String message) -> bury(entry, "malformed", message);
        case EventCodec.Parsed.Invalid(var errors) -> bury(entry, "malformed", sentences(errors));
        case EventCodec.Parsed.Valid(EmitRequest request) -> {
          EmitRequest named = request.idempotent() ? request : named(request, entry.id());
          Turns.Turn turn = turns.take(recipients(named.event().target()));
          emitInTurn(new Emit(entry, named, turn, 0));
        }
      }
    }
    return true;
  }

  /** With the id of its entry, by which it is known if it comes again. */
  private EmitRequest named(EmitRequest request, String entryId) {
    Event event = request.event();
    Event named =
        new Event(
            stream + ":" + entryId,
            event.name(),
            event.data(),
            event.target(),
            event.terms(),
            event.acceptedAt());
    return new EmitRequest(named, true, 0, request.call());
  }

  private static Collection<String> recipients(Target target) {
    return switch (target) {
      case Target.User(String user) -> List.of("user " + user);
      case Target.Users(List<String> users) -> users.stream().map("user "::concat).toList();
      case Target.Channels(List<String> channels) ->
          channels.stream().map("channel "::concat).toList();
      case Target.Socket(String socket) -> List.of("socket " + socket);
      case Target.Everyone _ -> List.of("everyone");
    };
  }

  private void emitInTurn(Emit emit) {
    if (emit.turn.come().isDone()) {
      emit(emit);
    } else {
      emit.turn.come().thenRunAsync(() -> emit(emit), later);
    }
  }

  private void emit(Emit emit) {
    if (!mine.getAsBoolean()) { // another node has it by now
      emit.turn.pass();
      inFlight.remove(emit.entry.id());
      return;
    }
    CompletableFuture<Emission> emission;
    try {
      emission = emitter.emit(emit.request, emit.turn::pass);
    } catch (RuntimeException e) {
      emission = CompletableFuture.failedFuture(e);
    }
    emission.whenComplete((done, failure) -> settle(emit, done, failure));
  }

  private void settle(Emit emit, @Nullable Emission done, @Nullable Throwable failure) {
    switch (done) {
      case Emission.Accepted accepted -> {
        metrics.streamEmit(accepted.duplicate() ? "duplicate" : accepted.verdict().lowerCase());
        emit.turn.pass();
        acks.add(emit.entry.id());
      }
      case Emission.Conflict _ -> {
        emit.turn.pass();
        bury(emit.entry, "conflict", "The id was used for another event.");
      }
      case Emission.CallTaken _ -> {
        emit.turn.pass();
        bury(emit.entry, "conflict", "The call's id is that of another call.");
      }
      case Emission.Unavailable(String _, int seconds) -> again(emit, seconds * 1_000L);
      case Emission.Busy(String _, int seconds) -> again(emit, seconds * 1_000L);
      case null -> failed(emit, failure);
    }
  }

  private void failed(Emit emit, @Nullable Throwable failure) {
    if (emit.failures < MAX_FAILURES) {
      again(emit.failed(), RETRY_MILLIS << emit.failures);
    } else {
      log.error("an emit of the stream {} failed {} times", stream, emit.failures, failure);
      emit.turn.pass();
      bury(emit.entry, "failed", "The relay failed: its log says how.");
    }
  }

  private void again(Emit emit, long millis) {
    metrics.streamEmit("retried");
    later.schedule(() -> emit(emit), millis, TimeUnit.MILLISECONDS);
  }

  // --- dead ones

  private void bury(StreamEntry entry, String result, String reason) {
    List<byte[]> arguments = new ArrayList<>();
    for (String text :
        List.of("MAXLEN", "" + MAX_DEAD, "*", "reason", reason, "entry", entry.id())) {
      arguments.add(RedisNames.utf8(text));
    }
    if (entry.bytes() <= maxBytes + RESERVE) {
      arguments.addAll(entry.fields());
    } else {
      arguments.add(RedisNames.utf8("cut"));
      arguments.add(beginning(entry));
    }
    byte[][] command = new byte[arguments.size() + 1][];
    command[0] = dead;
    for (int i = 0; i < arguments.size(); i++) {
      command[i + 1] = arguments.get(i);
    }
    lane.send(Protocol.Command.XADD, command)
        .whenComplete(
            (id, failure) -> {
              if (failure == null) {
                metrics.streamEmit(result);
                log.debug("the entry {} of {} went to the dead ones", entry.id(), stream);
                acks.add(entry.id());
              } else {
                later.schedule(
                    () -> bury(entry, result, reason), 4 * RETRY_MILLIS, TimeUnit.MILLISECONDS);
              }
            });
  }

  /** Of what is too large to be kept whole. */
  private byte[] beginning(StreamEntry entry) {
    byte[] largest =
        entry.fields().stream()
            .max((a, b) -> Integer.compare(a.length, b.length))
            .orElseGet(() -> new byte[0]);
    return Arrays.copyOf(largest, Math.min(largest.length, maxBytes));
  }

  private static String sentences(Map<String, List<String>> errors) {
    String all = errors.values().stream().flatMap(List::stream).collect(Collectors.joining(" "));
    return all.length() <= MAX_REASON ? all : all.substring(0, MAX_REASON) + "…";
  }
}
