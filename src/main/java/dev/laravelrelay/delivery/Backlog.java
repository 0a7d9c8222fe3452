package dev.laravelrelay.delivery;

import dev.laravelrelay.event.Target;
import dev.laravelrelay.metrics.RelayMetrics;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * What event loops have been given and have not delivered yet, in bytes: each event's frames once,
 * and {@value #PER_DELIVERY} for each session. Bounded by those who let events in: while it is at
 * its limit emits are refused as {@link Emission.Busy}, and what comes by Redis waits there. What
 * goes to several sessions may take half of it, so that who emits to everyone too often does not
 * keep a call from ringing. One event may go beyond the limit, however many it goes to. Safe from
 * any thread.
 */
public final class Backlog {

  /** About 100,000 deliveries, or one second of two cores. */
  public static final long MAX_BYTES = 64L << 20;

  static final int PER_DELIVERY = 512;

  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final AtomicLong bytes = new AtomicLong();
  private final RelayMetrics metrics;
  private final long patienceNanos;

  /** Nothing yet. */
  public Backlog(RelayMetrics metrics) {
    this(metrics, PATIENCE);
  }

  /**
   * Nothing yet.
   *
   * @param patience how long {@link #awaitRoom} waits at most
   */
  Backlog(RelayMetrics metrics, Duration patience) {
    this.metrics = metrics;
    this.patienceNanos = patience.toNanos();
    metrics.gauge(
        "relay_backlog_bytes", "What event loops have been given and not delivered", bytes::get);
  }

  /** Whether an event to this target may be let in. */
  boolean hasRoomFor(Target target) {
    return switch (target) {
      case Target.User _, Target.Socket _ -> bytes.get() < MAX_BYTES;
      case Target.Users _, Target.Channels _, Target.Everyone _ -> hasRoomForMany();
    };
  }

  private boolean hasRoomForMany() {
    return bytes.get() < MAX_BYTES / 2;
  }

  void add(long given) {
    bytes.addAndGet(given);
  }

  void delivered(long given) {
    bytes.addAndGet(-given);
  }

  /**
   * Returns when there is room for any event, or after a second. For threads that do nothing but
   * read from Redis: meanwhile it waits there.
   */
  public void awaitRoom() {
    if (hasRoomForMany()) {
      return;
    }
    metrics.backlogAwaited();
    long start = System.nanoTime();
    while (!hasRoomForMany() && System.nanoTime() - start < patienceNanos) {
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }
}
