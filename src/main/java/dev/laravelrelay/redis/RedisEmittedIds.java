package dev.laravelrelay.redis;

import dev.laravelrelay.delivery.Emission;
import dev.laravelrelay.delivery.EmittedIds;
import dev.laravelrelay.delivery.Recipient;
import dev.laravelrelay.delivery.Verdict;
import dev.laravelrelay.event.EmitRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Protocol;

/**
 * The ids that came to any node, in Redis, behind those that came to this one. Who emits first has
 * {@link #LEASE_MILLIS} for it; a repeat on another node asks for the verdict every {@link
 * #POLL_MILLIS}. If a node dies in between, a later repeat is emitted again: twice rather than
 * never. While Redis is away each node remembers only its own; what was claimed and not emitted is
 * given back when Redis is there again.
 */
final class RedisEmittedIds implements EmittedIds {

  /** For how long an emit may be under way: longer than any verdict is awaited. */
  static final long LEASE_MILLIS = 15_000;

  /** How often a repeat asks what became of the first. */
  static final long POLL_MILLIS = 25;

  /** How long a repeat asks beyond the time that a receipt is awaited. */
  private static final long MARGIN_MILLIS = 1_000;

  private static final byte[] PX = RedisNames.utf8("PX");

  /** How many claims may wait to be given back; the lease ends those beyond. */
  private static final int MAX_UNRELEASED = 10_000;

  /** What Redis knows of an id; no verdict while it is under way. */
  private record Known(long fingerprint, Emission.@Nullable Accepted verdict) {}

  private final RedisLane lane;
  private final RedisNames names;
  private final byte[] node;
  private final EmittedIds here;

  /** A claim that is to be given back. */
  private record Claim(String id, long fingerprint) {}

  private final Queue<Claim> unreleased = new ConcurrentLinkedQueue<>();
  private final AtomicInteger unreleasedCount = new AtomicInteger();

  /**
   * Remembers in Redis.
   *
   * @param node this one
   * @param here the ids that came to this node
   */
  RedisEmittedIds(RedisLane lane, RedisNames names, String node, EmittedIds here) {
    this.lane = lane;
    this.names = names;
    this.node = RedisNames.utf8(node);
    this.here = here;
  }

  @Override
  public CompletableFuture<Emission> once(
      EmitRequest request, Supplier<CompletableFuture<Emission>> emit) {
    return here.once(request, () -> claim(request, emit));
  }

  /** SET NX GET needs Redis 7; a script does both on 6.2. */
  private static final RedisScript CLAIM = RedisScript.of("emitted-claim.lua");

  private static final RedisScript RELEASE = RedisScript.of("emitted-release.lua");

  private CompletableFuture<Emission> claim(
      EmitRequest request, Supplier<CompletableFuture<Emission>> emit) {
    long bound = request.event().terms().confirmMillis() + MARGIN_MILLIS;
    return ask(request)
        .handle(
            (known, failure) ->
                // A claim that failed may be executed yet, by a Redis that was only slow.
                known == null
                    ? first(request, emit)
                    : repeat(request, emit, known, System.nanoTime() + bound * 1_000_000))
        .thenCompose(emission -> emission);
  }

  /** Claims the id; what is known of it already, null if nothing. */
  private CompletableFuture<@Nullable Known> ask(EmitRequest request) {
    return lane.run(
            CLAIM,
            List.of(names.emitted(request.event().id())),
            List.of(pending(request.fingerprint()), RedisNames.utf8(Long.toString(LEASE_MILLIS))))
        .thenApply(reply -> reply == null ? null : known(request.event().id(), (byte[]) reply));
  }

  private CompletableFuture<Emission> first(
      EmitRequest request, Supplier<CompletableFuture<Emission>> emit) {
    byte[] key = names.emitted(request.event().id());
    return CompletableFuture.completedFuture(emit)
        .thenCompose(Supplier::get)
        .whenComplete(
            (done, failure) -> {
              if (done instanceof Emission.Accepted accepted) {
                byte[] left = RedisNames.utf8(Long.toString(REMEMBERED_FOR.toMillis()));
                lane.send(Protocol.Command.SET, key, encode(request, accepted), PX, left);
              } else {
                release(new Claim(request.event().id(), request.fingerprint()));
              }
            });
  }

  private void release(Claim claim) {
    lane.run(RELEASE, List.of(names.emitted(claim.id)), List.of(pending(claim.fingerprint)))
        .exceptionally(
            away -> {
              if (unreleasedCount.incrementAndGet() <= MAX_UNRELEASED) {
                unreleased.add(claim);
              } else {
                unreleasedCount.decrementAndGet();
              }
              return "";
            });
  }

  /** Gives back what Redis did not take back; to be called every second. */
  void retry() {
    if (lane.isUp()) {
      for (int left = unreleasedCount.get(); left > 0; left--) {
        Claim claim = unreleased.poll();
        if (claim != null) {
          unreleasedCount.decrementAndGet();
          release(claim);
        }
      }
    }
  }

  private CompletableFuture<Emission> repeat(
      EmitRequest request, Supplier<CompletableFuture<Emission>> emit, Known known, long until) {
    String id = request.event().id();
    if (known.fingerprint() != request.fingerprint()) {
      return CompletableFuture.completedFuture(new Emission.Conflict(id));
    }
    if (known.verdict() != null) {
      return CompletableFuture.completedFuture(known.verdict());
    }
    if (System.nanoTime() > until) {
      return CompletableFuture.completedFuture(new Emission.Unavailable(id, 1));
    }
    Executor later = CompletableFuture.delayedExecutor(POLL_MILLIS, TimeUnit.MILLISECONDS);
    return CompletableFuture.supplyAsync(() -> ask(request), later)
        .thenCompose(asked -> asked)
        .handle(
            (now, failure) -> {
              if (failure != null) {
                return CompletableFuture.<Emission>completedFuture(new Emission.Unavailable(id, 1));
              }
              return now == null ? first(request, emit) : repeat(request, emit, now, until);
            })
        .thenCompose(emission -> emission);
  }

  // --- what is kept: the fingerprint, then the node that emits, or nobody and the verdict

  private byte[] pending(long fingerprint) {
    return new ByteWriter(32).raw(bytes(fingerprint)).block(node).toBytes();
  }

  private static byte[] bytes(long fingerprint) {
    byte[] bytes = new byte[Long.BYTES];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (fingerprint >>> (8 * i));
    }
    return bytes;
  }

  private static byte[] encode(EmitRequest request, Emission.Accepted accepted) {
    ByteWriter out =
        new ByteWriter(64)
            .raw(bytes(request.fingerprint()))
            .text("")
            .text(accepted.verdict().name())
            .number(accepted.sessions())
            .number(accepted.confirmed())
            .number(accepted.heldUntil())
            .number(accepted.recipients().size());
    for (Recipient one : accepted.recipients()) {
      out.text(one.user())
          .text(one.verdict().name())
          .number(one.sessions())
          .number(one.confirmed())
          .number(one.heldUntil());
    }
    return out.toBytes();
  }

  private static Known known(String id, byte[] kept) {
    long fingerprint = 0;
    for (int i = 0; i < Long.BYTES; i++) {
      fingerprint |= (kept[i] & 0xFFL) << (8 * i);
    }
    ByteReader in = new ByteReader(kept, Long.BYTES);
    if (!in.text().isEmpty()) {
      return new Known(fingerprint, null);
    }
    Verdict verdict = verdict(in);
    int sessions = (int) in.number();
    int confirmed = (int) in.number();
    long heldUntil = in.number();
    long count = in.number();
    List<Recipient> recipients = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      recipients.add(
          new Recipient(in.text(), verdict(in), (int) in.number(), (int) in.number(), in.number()));
    }
    return new Known(
        fingerprint,
        new Emission.Accepted(id, verdict, sessions, confirmed, recipients, heldUntil, true));
  }

  private static Verdict verdict(ByteReader in) {
    return Verdict.valueOf(in.text());
  }
}
