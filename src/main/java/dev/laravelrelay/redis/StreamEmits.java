package dev.laravelrelay.redis;

import dev.laravelrelay.call.CallEmitter;
import dev.laravelrelay.delivery.Emission;
import dev.laravelrelay.event.EmitRequest;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.EventCodec;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.redis.StreamPublisher.Plain;
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

/**
 * Emits the entries of one stream under the rules of {@code /api/emit}. An entry is acknowledged
 * when its verdict is there; one that the backplane does not take is tried again; one that can
 * never be emitted goes to the dead ones. An emit to a user waits until what came before it to that
 * user has been handed over; plain ones that need not wait go together.
 */
final class StreamEmits {

  private static final Logger log = LoggerFactory.getLogger(StreamEmits.class);

  /** How often an emit may fail for no known reason. */
  private static final int MAX_FAILURES = 5;

  private static final long RETRY_MILLIS = 250;
  private static final int MAX_REASON = 1_000;

  private final String stream;
  private final StreamPublisher publisher;
  private final RedisLane lane;
  private final StreamInFlight inFlight;
  private final StreamAcks acks;
  private final StreamDead dead;
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
   * @param awaitRoom returns when more may be read, or after a while
   * @param maxBytes the largest one
   * @param later runs what has to wait
   */
  record Way(
      EventCodec codec,
      CallEmitter emitter,
      Runnable awaitRoom,
      RedisNames names,
      int maxBytes,
      ScheduledExecutorService later) {}

  /** One emit on its way. */
  private record Emit(
      StreamEntry entry,
      EmitRequest request,
      @Nullable Plain plain,
      Turns.Turn turn,
      int failures) {

    private Emit failed() {
      return new Emit(entry, request, plain, turn, failures + 1);
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
      StreamPublisher publisher,
      StreamInFlight inFlight,
      StreamAcks acks,
      Way way,
      RelayMetrics metrics,
      BooleanSupplier mine) {
    this.stream = stream;
    this.publisher = publisher;
    this.lane = lane;
    this.inFlight = inFlight;
    this.acks = acks;
    this.dead = new StreamDead(stream, lane, acks, way.maxBytes(), way.later(), metrics);
    this.codec = way.codec();
    this.emitter = way.emitter();
    this.maxBytes = way.maxBytes();
    this.later = way.later();
    this.metrics = metrics;
    this.mine = mine;
  }

  /** For what is taken of one read. */
  StreamBatch batch(RedisWire wire) {
    return new StreamBatch(wire, publisher, inFlight, mine);
  }

  /**
   * Takes an entry that was read; one that is under way already is left alone: false.
   *
   * @param plains takes it if it is plain and nothing to that user is under way
   */
  boolean take(StreamEntry entry, StreamBatch plains) {
    if (!inFlight.add(entry)) {
      return false;
    }
    byte[] emit = entry.emit();
    if (emit == null) {
      dead.bury(entry, "malformed", "The entry must have one field, emit: the emit's JSON.");
    } else if (emit.length > maxBytes) {
      String reason = "The emit must not be larger than %d bytes.".formatted(maxBytes);
      dead.bury(entry, "malformed", reason);
    } else {
      switch (codec.parse(emit, null)) {
        case EventCodec.Parsed.NotJson(String message) -> dead.bury(entry, "malformed", message);
        case EventCodec.Parsed.Invalid(var errors) ->
            dead.bury(entry, "malformed", sentences(errors));
        case EventCodec.Parsed.Valid(EmitRequest request) -> take(entry, request, plains);
      }
    }
    return true;
  }

  private void take(StreamEntry entry, EmitRequest request, StreamBatch plains) {
    boolean own = request.idempotent();
    EmitRequest named = own ? request : named(request, entry.id());
    Plain plain = own ? null : publisher.plain(entry, named);
    List<String> recipients = recipients(named.event().target());
    if (plain != null && turns.isFree(recipients.getFirst())) {
      plains.add(plain, recipients.getFirst());
    } else {
      plains.sendIfFor(recipients);
      emitInTurn(new Emit(entry, named, plain, turns.take(recipients), 0));
    }
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

  private static List<String> recipients(Target target) {
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
    if (emit.plain == null) {
      emit(emit, emit.request);
    } else {
      publisher.publish(lane, emit.plain).whenComplete((done, failure) -> settle(emit, failure));
    }
  }

  private void emit(Emit emit, EmitRequest request) {
    CompletableFuture<Emission> emission;
    try {
      emission = emitter.emit(request, emit.turn::pass);
    } catch (RuntimeException e) {
      emission = CompletableFuture.failedFuture(e);
    }
    emission.whenComplete((done, failure) -> settle(emit, done, failure));
  }

  /** Of a plain one. */
  private void settle(Emit emit, @Nullable Throwable failure) {
    if (failure == null) {
      emit.turn.pass();
      inFlight.remove(emit.entry.id());
    } else {
      again(emit, RETRY_MILLIS);
    }
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
        dead.bury(emit.entry, "conflict", "The id was used for another event.");
      }
      case Emission.CallTaken _ -> {
        emit.turn.pass();
        dead.bury(emit.entry, "conflict", "The call's id is that of another call.");
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
      dead.bury(emit.entry, "failed", "The relay failed: its log says how.");
    }
  }

  private void again(Emit emit, long millis) {
    metrics.streamEmit("retried");
    later.schedule(() -> emit(emit), millis, TimeUnit.MILLISECONDS);
  }

  private static String sentences(Map<String, List<String>> errors) {
    String all = errors.values().stream().flatMap(List::stream).collect(Collectors.joining(" "));
    return all.length() <= MAX_REASON ? all : all.substring(0, MAX_REASON) + "…";
  }
}
