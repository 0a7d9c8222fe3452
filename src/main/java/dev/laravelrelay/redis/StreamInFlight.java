package dev.laravelrelay.redis;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The entries of a stream that this node has read and that are not acknowledged yet: bounded in
 * number and bytes, each there once. Safe from any thread.
 */
final class StreamInFlight {

  /** Beyond so many bytes nothing more is read. */
  static final long MAX_BYTES = 32L << 20;

  private final int limit;

  /** By id, in bytes. Guarded by this, as their sum. */
  private final Map<String, Integer> entries = new HashMap<>();

  private long bytes;

  StreamInFlight(int limit) {
    this.limit = limit;
  }

  /** False if it is there already. */
  synchronized boolean add(StreamEntry entry) {
    int size = entry.bytes();
    if (entries.putIfAbsent(entry.id(), size) != null) {
      return false;
    }
    bytes += size;
    return true;
  }

  synchronized void remove(String id) {
    Integer size = entries.remove(id);
    if (size != null) {
      bytes -= size;
      notifyAll();
    }
  }

  synchronized int size() {
    return entries.size();
  }

  /** For how many more there is room, after waiting for that at most so long. */
  synchronized int room(long waitMillis) throws InterruptedException {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(waitMillis);
    while (free() <= 0) {
      long left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
      if (left <= 0) {
        return 0;
      }
      wait(left);
    }
    return free();
  }

  /** Waits until there is none, at most so long. */
  synchronized void awaitNone(long waitMillis) throws InterruptedException {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(waitMillis);
    long left = waitMillis;
    while (!entries.isEmpty() && left > 0) {
      wait(left);
      left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
    }
  }

  private int free() {
    return bytes >= MAX_BYTES ? 0 : limit - entries.size();
  }
}
