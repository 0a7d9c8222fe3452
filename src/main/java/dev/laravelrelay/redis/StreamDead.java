package dev.laravelrelay.redis;

import dev.laravelrelay.metrics.RelayMetrics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol;

/**
 * Where entries go that can never be emitted: to a stream beside theirs, with the reason, before
 * they are acknowledged. Bounded in number and in bytes of each. Safe from any thread; never
 * blocks.
 */
final class StreamDead {

  private static final Logger log = LoggerFactory.getLogger(StreamDead.class);

  /** How many are kept; the oldest goes first. */
  static final int MAX_DEAD = 1_000;

  private static final long RETRY_MILLIS = 1_000;

  /** What an entry may be cut to beyond the largest emit. */
  private static final int RESERVE = 1_024;

  private final String stream;
  private final byte[] dead;
  private final RedisLane lane;
  private final StreamAcks acks;
  private final int maxBytes;
  private final ScheduledExecutorService later;
  private final RelayMetrics metrics;

  /**
   * Those of that stream.
   *
   * @param maxBytes the largest emit
   * @param later runs what has to wait
   */
  StreamDead(
      String stream,
      RedisLane lane,
      StreamAcks acks,
      int maxBytes,
      ScheduledExecutorService later,
      RelayMetrics metrics) {
    this.stream = stream;
    this.dead = RedisNames.utf8(stream + ":dead");
    this.lane = lane;
    this.acks = acks;
    this.maxBytes = maxBytes;
    this.later = later;
    this.metrics = metrics;
  }

  /** Puts the entry there and acknowledges it; until Redis takes it, again and again. */
  void bury(StreamEntry entry, String result, String reason) {
    List<byte[]> command = new ArrayList<>();
    command.add(dead);
    for (String text :
        List.of("MAXLEN", "" + MAX_DEAD, "*", "reason", reason, "entry", entry.id())) {
      command.add(RedisNames.utf8(text));
    }
    if (entry.bytes() <= maxBytes + RESERVE) {
      command.addAll(entry.fields());
    } else {
      command.add(RedisNames.utf8("cut"));
      command.add(beginning(entry));
    }
    lane.send(Protocol.Command.XADD, command.toArray(byte[][]::new))
        .whenComplete(
            (id, failure) -> {
              if (failure == null) {
                metrics.streamEmit(result);
                log.debug("the entry {} of {} went to the dead ones", entry.id(), stream);
                acks.add(entry.id());
              } else {
                later.schedule(
                    () -> bury(entry, result, reason), RETRY_MILLIS, TimeUnit.MILLISECONDS);
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
}
