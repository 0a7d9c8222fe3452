package dev.laravelrelay.redis;

import dev.laravelrelay.metrics.RelayMetrics;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** One stream with what reads it, and how it stands. */
final class OneStream {

  private static final String GROUP = "relay";
  private static final long STALLED_MILLIS = 15_000;
  private static final long RELEASE_MILLIS = 300;
  private static final int IDLE_TICKS = 5;
  private static final Duration SILENCE = Duration.ofMillis(3 * StreamReader.BLOCK_MILLIS);
  private static final RedisScript STATE = RedisScript.of("clock.lua", "stream-state.lua");
  private static final RedisScript TIDY = RedisScript.of("stream-tidy.lua");

  private final String name;
  private final RedisLane lane;
  private final StreamLease lease;
  private final StreamInFlight inFlight;
  private final StreamAcks acks;
  private final StreamReader reader;
  private final KeptConnection connection;
  private volatile StreamState state = StreamState.EMPTY;

  /** Those at which another node read; only used by who ticks. */
  private int ticks;

  /**
   * Not started yet.
   *
   * @param node this one
   * @param inFlightAtMost how many entries may be under way
   * @param clock epoch milliseconds
   */
  OneStream(
      String name,
      String node,
      RedisClients clients,
      RedisLane lane,
      int inFlightAtMost,
      StreamEmits.Way way,
      RelayMetrics metrics,
      LongSupplier clock) {
    this.name = name;
    this.lane = lane;
    this.lease = new StreamLease(lane, utf8(name + ":reader"), utf8(node));
    this.inFlight = new StreamInFlight(inFlightAtMost);
    this.acks = new StreamAcks(lane, utf8(name), utf8(GROUP), inFlight);
    StreamPublisher publisher =
        new StreamPublisher(name, GROUP, node, clients.isOnePlace(), way.names(), metrics);
    StreamEmits emits =
        new StreamEmits(name, lane, publisher, inFlight, acks, way, metrics, lease::isMine);
    this.reader =
        new StreamReader(
            name, GROUP, node, lease, inFlight, emits, way.awaitRoom(), this::tidy, metrics);
    this.connection =
        new KeptConnection(
            "redis-stream",
            "connection to Redis (stream %s)".formatted(name),
            clients.of(utf8(name)),
            clients.waiting("redis-stream", SILENCE),
            reader,
            clock);
    reader.over(connection);
  }

  void start() {
    connection.start();
  }

  /** Renews, repeats and asks what has to be every second; who does not read asks less often. */
  void tick() {
    if (reader.isRefused()) {
      return;
    }
    if (connection.isUp()) { // a node that cannot read lets another
      lease.tick();
    }
    acks.flush();
    if (!lease.isMine() && ++ticks % IDLE_TICKS != 1) {
      return;
    }
    lane.run(STATE, List.of(utf8(name)), List.of(utf8(GROUP)))
        .thenAccept(reply -> state = state.next((List<?>) reply));
  }

  StreamState state() {
    return state;
  }

  int inFlight() {
    return inFlight.size();
  }

  String name() {
    return name;
  }

  /** Whether Redis's ACL keeps it from this node. */
  boolean isRefused() {
    return reader.isRefused();
  }

  boolean isReadHere() {
    return lease.isMine();
  }

  /** Null while it is read, by this node or another, else one sentence. */
  @Nullable String problem() {
    String problem = connection.problem();
    StreamState now = state;
    long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - now.since());
    if (problem == null && lease.isMine() && now.lag() > 0 && seconds * 1_000 >= STALLED_MILLIS) {
      return "%d emits wait in the stream %s, and none was read for %d s"
          .formatted(now.lag(), name, seconds);
    }
    return problem;
  }

  /** Reads no more; what is under way goes on. */
  void stop() {
    lease.leave();
    connection.close();
  }

  /** Waits until nothing is under way, at most so long, and lets another node read. */
  void leave(long atMostMillis) throws InterruptedException {
    if (reader.isRefused()) {
      return;
    }
    inFlight.awaitNone(atMostMillis);
    CompletableFuture.allOf(tidy(""), lease.release())
        .orTimeout(RELEASE_MILLIS, TimeUnit.MILLISECONDS)
        .exceptionally(away -> null)
        .join();
  }

  /** Forgets the readers that have nothing left, except that one. */
  private CompletableFuture<Object> tidy(String except) {
    return lane.run(TIDY, List.of(utf8(name)), List.of(utf8(GROUP), utf8(except)));
  }

  private static byte[] utf8(String text) {
    return RedisNames.utf8(text);
  }
}
