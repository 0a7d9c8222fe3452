package dev.laravelrelay.redis;

import dev.laravelrelay.call.Call;
import dev.laravelrelay.call.CallDirectory;
import dev.laravelrelay.call.CallSignal;
import dev.laravelrelay.call.Signalled;
import dev.laravelrelay.event.CallTerms;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol;

/**
 * The calls of all nodes, one key each, which goes by itself. A call is moved by comparing and
 * swapping, so that the first of racing signals wins on every node. Time is Redis's own, whatever a
 * node's clock says. The limit in number is Redis's {@code maxmemory}: a Redis that is full, or
 * away, makes a call {@code Unavailable} within the lane's patience.
 *
 * <p>A phone says a thing once. Therefore a signal that meets a Redis that is away for a moment is
 * tried again for {@link #SIGNAL_MILLIS}, before it is {@code Unavailable}; a swap carries a mark,
 * so that it is known whether it has been done.
 */
final class RedisCallDirectory implements CallDirectory {

  private static final Logger log = LoggerFactory.getLogger(RedisCallDirectory.class);

  /** For how long a signal is tried. */
  static final long SIGNAL_MILLIS = 2_000;

  /** How many signals may wait for Redis; more are not tried again. */
  private static final int MAX_WAITING = 10_000;

  private static final long AGAIN_MILLIS = 50;
  private static final int RETRY_AFTER_SECONDS = 1;

  /** How often a call may be changed by others under one signal. */
  private static final int MAX_SWAPS = 10;

  private static final RedisScript REGISTER = RedisScript.of("clock.lua", "call-register.lua");
  private static final RedisScript READ = RedisScript.of("clock.lua", "call-read.lua");
  private static final RedisScript SWAP = RedisScript.of("clock.lua", "call-swap.lua");

  /** What is kept, and when it was read; Redis's time in epoch milliseconds. */
  private static final class Kept {

    private final long now;
    private final byte @Nullable [] bytes;

    private Kept(Object reply) {
      List<?> parts = (List<?>) reply;
      this.now = (Long) parts.get(0);
      this.bytes = (byte[]) parts.get(1);
    }
  }

  /**
   * How often a signal may meet another, and until when it may wait for Redis.
   *
   * @param until as {@link System#nanoTime()}
   */
  private record Tries(int left, long until) {

    Tries less() {
      return new Tries(left - 1, until);
    }
  }

  private final RedisLane lane;
  private final RedisNames names;
  private final String node;
  private final AtomicLong marks = new AtomicLong();
  private final AtomicInteger waiting = new AtomicInteger();

  /**
   * The calls under these names.
   *
   * @param node this one
   */
  RedisCallDirectory(RedisLane lane, RedisNames names, String node) {
    this.lane = lane;
    this.names = names;
    this.node = node;
  }

  @Override
  public CompletionStage<Registration> register(CallTerms terms) {
    byte[] ttl = RedisNames.utf8(Long.toString(terms.ttlSeconds() * 1000L));
    byte[] parties = CallBytes.parties(terms.caller(), terms.receiver());
    return lane.run(REGISTER, List.of(names.call(terms.id())), List.of(ttl, parties))
        .thenCompose(
            reply -> {
              boolean created = (Long) ((List<?>) reply).get(2) == 1;
              return registered(terms, new Kept(reply), created, MAX_SWAPS);
            })
        .exceptionally(
            failure -> {
              note(failure);
              return new Registration.Unavailable(RETRY_AFTER_SECONDS);
            });
  }

  private CompletionStage<Registration> registered(
      CallTerms terms, Kept kept, boolean created, int swapsLeft) {
    if (kept.bytes == null || swapsLeft == 0) {
      return CompletableFuture.completedStage(new Registration.Unavailable(RETRY_AFTER_SECONDS));
    }
    Call known = CallBytes.read(terms.id(), kept.bytes);
    if (!known.isOf(terms)) {
      return CompletableFuture.completedStage(new Registration.Taken());
    }
    if (created || known.state() != Call.State.RINGING) {
      return CompletableFuture.completedStage(new Registration.Registered(known, created));
    }
    Call anew = Call.ringing(terms, kept.now);
    byte[] bytes = CallBytes.of(anew, mark());
    return swap(kept, anew, bytes, deadline())
        .thenCompose(
            now ->
                Arrays.equals(now.bytes, bytes)
                    ? CompletableFuture.completedStage(new Registration.Registered(anew, false))
                    : registered(terms, now, false, swapsLeft - 1));
  }

  @Override
  public CompletionStage<Optional<Call>> get(String id) {
    return lane.send(Protocol.Command.GET, names.call(id)).thenApply(reply -> read(id, reply));
  }

  @Override
  public CompletionStage<Optional<Call>> end(String id) {
    return lane.send(Protocol.Command.GETDEL, names.call(id)).thenApply(reply -> read(id, reply));
  }

  private static Optional<Call> read(String id, @Nullable Object reply) {
    return Optional.ofNullable((byte[]) reply).map(bytes -> CallBytes.read(id, bytes));
  }

  @Override
  public CompletionStage<Signalled> signal(String id, CallSignal signal, String user) {
    long until = deadline();
    List<byte[]> key = List.of(names.call(id));
    return patiently(() -> lane.run(READ, key, List.of()), until)
        .thenCompose(
            reply -> signal(id, signal, user, new Kept(reply), new Tries(MAX_SWAPS, until)))
        .exceptionally(
            failure -> {
              note(failure);
              return new Signalled.Unavailable(RETRY_AFTER_SECONDS);
            });
  }

  private CompletionStage<Signalled> signal(
      String id, CallSignal signal, String user, Kept kept, Tries tries) {
    if (kept.bytes == null) {
      return CompletableFuture.completedStage(new Signalled.Unknown());
    }
    if (tries.left() == 0) {
      return CompletableFuture.completedStage(new Signalled.Unavailable(RETRY_AFTER_SECONDS));
    }
    Signalled signalled = CallBytes.read(id, kept.bytes).after(signal, user, kept.now);
    if (!(signalled instanceof Signalled.Moved(Call moved))) {
      return CompletableFuture.completedStage(signalled);
    }
    byte[] bytes = CallBytes.of(moved, mark());
    return swap(kept, moved, bytes, tries.until())
        .thenCompose(
            now ->
                Arrays.equals(now.bytes, bytes)
                    ? CompletableFuture.completedStage(signalled)
                    : signal(id, signal, user, now, tries.less()));
  }

  /** What is kept after the attempt; fails only when it cannot be found out. */
  private CompletionStage<Kept> swap(Kept kept, Call call, byte[] bytes, long until) {
    byte[] left = RedisNames.utf8(Long.toString(Math.max(1, call.expiresAt() - kept.now)));
    byte[] before = kept.bytes == null ? new byte[0] : kept.bytes;
    List<byte[]> key = List.of(names.call(call.id()));
    List<byte[]> arguments = List.of(before, bytes, left);
    return patiently(() -> lane.run(SWAP, key, arguments), until).thenApply(Kept::new);
  }

  /** The same again while Redis is away, until then. */
  private CompletableFuture<Object> patiently(
      Supplier<CompletableFuture<Object>> attempt, long until) {
    return attempt
        .get()
        .exceptionallyCompose(
            failure -> {
              boolean isOver = System.nanoTime() - until > 0 || waiting.get() >= MAX_WAITING;
              if (isOver || !(cause(failure) instanceof RedisAway)) {
                return CompletableFuture.failedFuture(failure);
              }
              Executor later =
                  CompletableFuture.delayedExecutor(AGAIN_MILLIS, TimeUnit.MILLISECONDS);
              waiting.incrementAndGet();
              return CompletableFuture.runAsync(waiting::decrementAndGet, later)
                  .thenCompose(again -> patiently(attempt, until));
            });
  }

  private static long deadline() {
    return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(SIGNAL_MILLIS);
  }

  private String mark() {
    return node + "." + marks.incrementAndGet();
  }

  private static Throwable cause(Throwable failure) {
    Throwable cause = failure.getCause();
    return failure instanceof CompletionException && cause != null ? cause : failure;
  }

  private static void note(Throwable failure) {
    if (!(cause(failure) instanceof RedisAway)) {
      log.warn("Redis does not take a call: {}", cause(failure).toString());
    }
  }
}
