package dev.laravelrelay.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Acknowledges entries and deletes them, in one step: one alone at once, those that gather
 * meanwhile together. What fails is tried again. Bounded by what is in flight. Safe from any
 * thread.
 */
final class StreamAcks {

  private static final RedisScript DONE = RedisScript.of("stream-done.lua");
  private static final int MAX_BATCH = 500;

  private final RedisLane lane;
  private final byte[] stream;
  private final byte[] group;
  private final StreamInFlight inFlight;
  private final Queue<String> done = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean sending = new AtomicBoolean();

  StreamAcks(RedisLane lane, byte[] stream, byte[] group, StreamInFlight inFlight) {
    this.lane = lane;
    this.stream = stream;
    this.group = group;
    this.inFlight = inFlight;
  }

  void add(String id) {
    done.add(id);
    flush();
  }

  /** Sends what waits, unless some is under way; to be called again where a try may have failed. */
  void flush() {
    if (done.isEmpty() || !sending.compareAndSet(false, true)) {
      return;
    }
    List<String> ids = new ArrayList<>();
    for (String id; ids.size() < MAX_BATCH && (id = done.poll()) != null; ) {
      ids.add(id);
    }
    List<byte[]> arguments = new ArrayList<>(ids.size() + 1);
    arguments.add(group);
    ids.forEach(id -> arguments.add(RedisNames.utf8(id)));
    lane.run(DONE, List.of(stream), arguments)
        .whenComplete(
            (reply, failure) -> {
              sending.set(false);
              if (failure == null) {
                ids.forEach(inFlight::remove);
                flush();
              } else {
                done.addAll(ids);
              }
            });
  }
}
