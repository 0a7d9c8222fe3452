package dev.laravelrelay.redis;

import dev.laravelrelay.call.CallEmitter;
import dev.laravelrelay.config.RedisConfig;
import dev.laravelrelay.event.EventCodec;
import dev.laravelrelay.metrics.RelayMetrics;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The ingress for emits that Laravel appends to a stream in Redis instead of calling the API:
 * {@code Redis::xadd('relay:emit', '*', ['emit' => json_encode([...])])}. The stream is {@code
 * emit} behind the relay's own prefix, with and without each of Laravel's before it.
 *
 * <p>At least once: an entry stays until its verdict is there, whatever becomes of nodes; its own
 * id is the idempotency key of an emit that has none. Of several nodes one reads a stream, in
 * order; another takes over within {@link StreamLease#LEASE_MILLIS} of its death. Done entries are
 * deleted; others are never trimmed. Each stream has one thread that reads; one more thread does
 * what waits.
 *
 * @see <a href="https://redis.io/docs/latest/develop/data-types/streams/">Redis Streams</a>
 */
public final class EmitStream {

  private static final long TICK_MILLIS = 1_000;
  private static final long FINISH_MILLIS = 3_000;
  private static final int NODE_ID_BYTES = 8;

  private final RedisLane lane;
  private final ScheduledExecutorService clockwork =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("redis-stream-clockwork").factory());
  private final List<OneStream> streams;

  /**
   * Not started yet.
   *
   * @param config with a URL, and something in flight
   * @param awaitRoom returns when more may be read, or after a while
   * @param maxBytes the largest emit
   * @param clock epoch milliseconds
   * @throws IllegalArgumentException if there is no URL, or it is not one
   */
  public EmitStream(
      RedisConfig config,
      EventCodec codec,
      CallEmitter emitter,
      Runnable awaitRoom,
      int maxBytes,
      RelayMetrics metrics,
      LongSupplier clock) {
    RedisClients clients = RedisClients.of(config);
    byte[] id = new byte[NODE_ID_BYTES];
    new SecureRandom().nextBytes(id);
    String node = HexFormat.of().formatHex(id);
    lane = new RedisLane("stream", clients, RedisClients.COMMAND_TIMEOUT, metrics, clock);
    StreamEmits.Way way =
        new StreamEmits.Way(
            codec, emitter, awaitRoom, new RedisNames(config.prefix()), maxBytes, clockwork);
    int limit = config.streamInFlight();
    streams =
        names(config).stream()
            .map(name -> new OneStream(name, node, clients, lane, limit, way, metrics, clock))
            .toList();
    metrics.gauge(
        "relay_stream_lag",
        "Emits in streams that no node has read",
        () -> sum(one -> one.state().lag()));
    metrics.gauge(
        "relay_stream_pending",
        "Emits of streams that a node has read and that are not done",
        () -> sum(one -> one.state().pending()));
    metrics.gauge(
        "relay_stream_oldest_seconds",
        "For how long the oldest emit has been in its stream",
        () -> streams.stream().mapToLong(one -> one.state().oldestMillis()).max().orElse(0) / 1e3);
    metrics.gauge(
        "relay_stream_in_flight",
        "Emits of streams under way on this node",
        () -> sum(OneStream::inFlight));
  }

  private static Set<String> names(RedisConfig config) {
    String name = config.prefix() + "emit";
    Set<String> names = new LinkedHashSet<>(List.of(name));
    config.laravelPrefixes().forEach(prefix -> names.add(prefix + name));
    return names;
  }

  /** Begins to read; returns at once, whether Redis is there or not. */
  public void start() {
    lane.start();
    clockwork.scheduleWithFixedDelay(
        lane::watch, RedisLane.WATCH_MILLIS, RedisLane.WATCH_MILLIS, TimeUnit.MILLISECONDS);
    clockwork.scheduleWithFixedDelay(
        () -> streams.forEach(OneStream::tick), 0, TICK_MILLIS, TimeUnit.MILLISECONDS);
    streams.forEach(OneStream::start);
  }

  /** Null while the streams are read, here or on another node, else one sentence. */
  public @Nullable String problem() {
    String away = lane.problem();
    return away != null
        ? away
        : streams.stream()
            .map(OneStream::problem)
            .filter(problem -> problem != null)
            .findFirst()
            .orElse(null);
  }

  /** What an operator sees of it: a second old at most where it is read, elsewhere five. */
  public Map<String, Object> details() {
    return Map.of(
        "lag",
        sum(one -> one.state().lag()),
        "pending",
        sum(one -> one.state().pending()),
        "read_here",
        streams.stream().anyMatch(OneStream::isReadHere),
        "not_allowed",
        streams.stream().filter(OneStream::isRefused).map(OneStream::name).toList());
  }

  private long sum(ToLongFunction<OneStream> of) {
    return streams.stream().mapToLong(of).sum();
  }

  /** Reads no more, finishes what is under way within a few seconds, and lets another node read. */
  public void stop() throws InterruptedException {
    streams.forEach(OneStream::stop);
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(FINISH_MILLIS);
    for (OneStream one : streams) {
      one.leave(Math.max(0, TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime())));
    }
    clockwork.shutdownNow();
    lane.close();
  }
}
