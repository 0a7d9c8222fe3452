package dev.laravelrelay.redis;

import dev.laravelrelay.metrics.RelayMetrics;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Reads one stream while this node holds its lease: first what other readers left and what a lost
 * connection kept from it, oldest first, then what is new. Reads as much as there is room for. A
 * group that is not there, because Redis came back empty, is made. Everything here runs on the
 * connection's thread.
 */
final class StreamReader implements KeptConnection.Use {

  private static final Logger log = LoggerFactory.getLogger(StreamReader.class);

  /** How long a read waits for new entries. */
  static final long BLOCK_MILLIS = 1_000;

  /** At most so many entries a read. */
  private static final int MAX_COUNT = 250;

  /** A read is to be of so many bytes at most, judged by the entries of the last one. */
  private static final int READ_BYTES = 4 << 20;

  /** How often this node looks for entries that nobody has dealt with for a while. */
  private static final long CLAIM_MILLIS = 5_000;

  private static final long IDLE_MILLIS = 15_000;
  private static final String START = "0-0";

  private final String stream;
  private final String group;
  private final String consumer;
  private final StreamLease lease;
  private final StreamInFlight inFlight;
  private final StreamEmits emits;
  private final Runnable awaitRoom;
  private final Consumer<String> tidy;
  private final RelayMetrics metrics;

  /** Set by {@link OneStream} before the thread starts. */
  private @Nullable KeptConnection connection;

  private int largest = 1;
  private long claimedAt;

  /**
   * Redis's ACL keeps this stream from the relay: another user of Redis may be for Laravel only.
   */
  private volatile boolean refused;

  /**
   * Reads that stream.
   *
   * @param awaitRoom returns when more may be read, or after a while
   * @param tidy forgets the readers that have nothing left, except the one given
   */
  StreamReader(
      String stream,
      String group,
      String consumer,
      StreamLease lease,
      StreamInFlight inFlight,
      StreamEmits emits,
      Runnable awaitRoom,
      Consumer<String> tidy,
      RelayMetrics metrics) {
    this.stream = stream;
    this.group = group;
    this.consumer = consumer;
    this.lease = lease;
    this.inFlight = inFlight;
    this.emits = emits;
    this.awaitRoom = awaitRoom;
    this.tidy = tidy;
    this.metrics = metrics;
  }

  void over(KeptConnection kept) {
    connection = kept;
  }

  @Override
  public void use(RedisWire wire) throws InterruptedException {
    wire.ping(); // a Redis that still loads its data refuses
    awaitAccess(wire);
    int term = -1;
    while (true) {
      if (!lease.await(BLOCK_MILLIS)) {
        wire.ping();
        continue;
      }
      try {
        if (term != lease.term()) {
          term = lease.term();
          claim(wire, 0);
          tidy.accept(consumer);
        } else if (System.nanoTime() - claimedAt > TimeUnit.MILLISECONDS.toNanos(CLAIM_MILLIS)) {
          claim(wire, IDLE_MILLIS);
        }
        read(wire);
      } catch (JedisDataException e) {
        if (!isWithoutGroup(e)) {
          throw e;
        }
        log.info("the stream {} is new: its consumer group is made again", stream);
        makeGroup(wire);
      }
    }
  }

  private void read(RedisWire wire) throws InterruptedException {
    awaitRoom.run();
    int room = Math.min(inFlight.room(BLOCK_MILLIS), MAX_COUNT);
    if (room == 0 || !lease.isMine()) {
      return;
    }
    String count = Integer.toString(Math.clamp(READ_BYTES / largest, 1, room));
    String block = Long.toString(BLOCK_MILLIS);
    Object reply =
        ask(
            wire,
            Protocol.Command.XREADGROUP,
            List.of(
                "GROUP", group, consumer, "COUNT", count, "BLOCK", block, "STREAMS", stream, ">"));
    if (reply instanceof List<?> streams && streams.getFirst() instanceof List<?> only) {
      take(wire, StreamEntry.list((List<?>) only.getLast()));
    }
  }

  /** Takes over what is pending with whomever for so long. */
  private void claim(RedisWire wire, long idleMillis) throws InterruptedException {
    claimedAt = System.nanoTime();
    String idle = Long.toString(idleMillis);
    String cursor = START;
    int claimed = 0;
    do {
      int room = Math.min(inFlight.room(BLOCK_MILLIS), MAX_COUNT);
      if (room > 0) {
        String count = Integer.toString(Math.clamp(READ_BYTES / largest, 1, room));
        List<?> reply =
            (List<?>)
                Objects.requireNonNull(
                    ask(
                        wire,
                        Protocol.Command.XAUTOCLAIM,
                        List.of(stream, group, consumer, idle, cursor, "COUNT", count)));
        cursor = new String((byte[]) reply.getFirst(), StandardCharsets.UTF_8);
        claimed += take(wire, StreamEntry.list((List<?>) reply.get(1)));
      }
    } while (!cursor.equals(START) && lease.isMine());
    if (claimed > 0) {
      metrics.streamClaimed(claimed);
      log.info("took over {} entries of {} that were read and not done", claimed, stream);
    }
  }

  private int take(RedisWire wire, List<StreamEntry> entries) {
    int taken = 0;
    largest = Math.max(1, largest / 2);
    try (StreamBatch plains = emits.batch(wire)) {
      for (StreamEntry entry : entries) {
        largest = Math.max(largest, entry.bytes());
        taken += emits.take(entry, plains) ? 1 : 0;
      }
      plains.send();
    }
    return taken;
  }

  /** Makes the group; where that is not allowed, asks again every second. */
  private void awaitAccess(RedisWire wire) throws InterruptedException {
    while (true) {
      try {
        makeGroup(wire);
        refused = false;
        up();
        return;
      } catch (JedisDataException e) {
        if (!says(e, "NOPERM")) {
          throw e;
        }
        if (!refused) {
          log.warn("Redis does not let the relay read the stream {}: see its ACL", stream);
        }
        refused = true;
        up();
        TimeUnit.MILLISECONDS.sleep(BLOCK_MILLIS);
      }
    }
  }

  private void up() {
    if (connection != null) {
      connection.up();
    }
  }

  /** Whether Redis's ACL keeps it from this stream; then nothing is asked of it. */
  boolean isRefused() {
    return refused;
  }

  private void makeGroup(RedisWire wire) {
    try {
      ask(wire, Protocol.Command.XGROUP, List.of("CREATE", stream, group, "0", "MKSTREAM"));
    } catch (JedisDataException e) {
      if (!says(e, "BUSYGROUP")) {
        throw e;
      }
    }
  }

  /** The stream or its group is gone, before the read or while it waited. */
  private static boolean isWithoutGroup(JedisDataException e) {
    return says(e, "NOGROUP") || says(e, "UNBLOCKED");
  }

  private static boolean says(JedisDataException e, String code) {
    return e.getMessage() != null && e.getMessage().startsWith(code);
  }

  private static @Nullable Object ask(
      RedisWire wire, Protocol.Command command, List<String> arguments) {
    wire.sendCommand(command, utf8(arguments).toArray(byte[][]::new));
    return wire.getOne();
  }

  private static List<byte[]> utf8(List<String> texts) {
    List<byte[]> bytes = new ArrayList<>(texts.size());
    texts.forEach(text -> bytes.add(RedisNames.utf8(text)));
    return Collections.unmodifiableList(bytes);
  }

  @Override
  public void failed() {}

  @Override
  public void lost() {
    metrics.redisConnectionLost("stream");
  }

  @Override
  public void restored() {}
}
