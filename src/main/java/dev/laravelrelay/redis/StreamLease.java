package dev.laravelrelay.redis;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Whether this node is the one that reads a stream: a key in Redis that it holds for {@link
 * #LEASE_MILLIS} and renews with every {@link #tick}. One node alone reads, so that what is emitted
 * to a user stays in order; which one does not matter. A node that was frozen may read on for a
 * moment beside its successor: nothing comes twice by that, the ids tell. Safe from any thread.
 */
final class StreamLease {

  /** After how long without renewal another node reads. */
  static final long LEASE_MILLIS = 5_000;

  /** By so much sooner this node believes it over. */
  private static final long MARGIN_MILLIS = 1_000;

  private static final RedisScript LEASE = RedisScript.of("stream-lease.lua");
  private static final RedisScript LEAVE = RedisScript.of("stream-leave.lua");

  private final RedisLane lane;
  private final byte[] key;
  private final byte[] node;

  /** Until when, on {@link System#nanoTime}. Guarded by this, as the rest. */
  private long until = System.nanoTime();

  private int term;
  private boolean left;

  StreamLease(RedisLane lane, byte[] key, byte[] node) {
    this.lane = lane;
    this.key = key;
    this.node = node;
  }

  /** Renews it, or tries to get it; to be called every second. */
  void tick() {
    if (hasLeft()) {
      return;
    }
    long asked = System.nanoTime();
    List<byte[]> arguments = List.of(node, RedisNames.utf8(Long.toString(LEASE_MILLIS)));
    lane.run(LEASE, List.of(key), arguments)
        .thenAccept(
            reply -> {
              if (Long.valueOf(1).equals(reply)) {
                granted(asked);
              } else {
                refused();
              }
            });
  }

  private synchronized void granted(long asked) {
    if (until - System.nanoTime() <= 0) {
      term++;
    }
    until = asked + TimeUnit.MILLISECONDS.toNanos(LEASE_MILLIS - MARGIN_MILLIS);
    notifyAll();
  }

  private synchronized void refused() {
    until = System.nanoTime();
  }

  private synchronized boolean hasLeft() {
    return left;
  }

  synchronized boolean isMine() {
    return !left && until - System.nanoTime() > 0;
  }

  /** Counts how often this node became the reader. */
  synchronized int term() {
    return term;
  }

  /** Waits until it is this node's, at most so long; whether it is. */
  synchronized boolean await(long waitMillis) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(waitMillis);
    long wait = waitMillis;
    while (!isMine() && wait > 0) {
      wait(wait);
      wait = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
    }
    return isMine();
  }

  /** Reads no more from now on. */
  synchronized void leave() {
    left = true;
  }

  /** Lets another node read at once. */
  CompletableFuture<Object> release() {
    return lane.run(LEAVE, List.of(key), List.of(node));
  }
}
