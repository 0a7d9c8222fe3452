package dev.laravelrelay.delivery;

import dev.laravelrelay.event.Target;
import dev.laravelrelay.metrics.RelayMetrics;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * What event loops have been given and have not delivered yet, in bytes: {@value #PER_DELIVERY} for
 * each session, and an event's frames once. Events to one user or socket are counted apart from
 * those to several, so that who emits to everyone too often does not keep a call from ringing.
 * Bounded by those who let events in: while a count is at its limit such emits are refused as
 * {@link Emission.Busy}, and who reads from Redis waits. One event may go beyond the limit, however
 * many it goes to. Safe from any thread.
 */
public final class Backlog {

  /** Of each kind: about 50,000 deliveries, or half a second of two cores. */
  public static final long MAX_BYTES = 32L << 20;

  static final int PER_DELIVERY = 512;

  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final AtomicLong toOne = new AtomicLong();
  private final AtomicLong toSeveral = new AtomicLong();
  private final RelayMetrics metrics;
  private final long patienceNanos;

  /** Nothing yet. */
  public Backlog(RelayMetrics metrics) {
    this(metrics, PATIENCE);
  }

  /**
   * Nothing yet.
   *
   * @param patience how long is waited at most
   */
  Backlog(RelayMetrics metrics, Duration patience) {
    this.metrics = metrics;
    this.patienceNanos = patience.toNanos();
    metrics.backlog("one", toOne::get);
    metrics.backlog("several", toSeveral::get);
  }

  /** Whether an event to this target may be let in. */
  public boolean hasRoomFor(Target target) {
    return countOf(target).get() < MAX_BYTES;
  }

  private AtomicLong countOf(Target target) {
    return switch (target) {
      case Target.User _, Target.Socket _ -> toOne;
      case Target.Users _, Target.Channels _, Target.Everyone _ -> toSeveral;
    };
  }

  void add(Target target, long bytes) {
    countOf(target).addAndGet(bytes);
  }

  void delivered(Target target, long bytes) {
    countOf(target).addAndGet(-bytes);
  }

  /** Returns when there is room for such an event, or after a second, or when interrupted. */
  public void awaitRoomFor(Target target) {
    await(() -> hasRoomFor(target));
  }

  /** Returns when there is room for any event, or after a second, or when interrupted. */
  public void awaitRoom() {
    await(() -> toOne.get() < MAX_BYTES && toSeveral.get() < MAX_BYTES);
  }

  /**
   * As {@link #awaitRoom}, but lets twice as much in. For the thread that also hears what other
   * nodes report, which is to wait only where refusing emits was not enough.
   */
  public void awaitSomeRoom() {
    await(() -> toOne.get() + toSeveral.get() < 2 * MAX_BYTES);
  }

  private void await(BooleanSupplier room) {
    if (room.getAsBoolean()) {
      return;
    }
    metrics.backlogAwaited();
    long start = System.nanoTime();
    while (!room.getAsBoolean()
        && System.nanoTime() - start < patienceNanos
        && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }
}
