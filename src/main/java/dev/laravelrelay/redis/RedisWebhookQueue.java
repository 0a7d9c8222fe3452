package dev.laravelrelay.redis;

import dev.laravelrelay.delivery.Notice;
import dev.laravelrelay.delivery.WebhookQueue;
import dev.laravelrelay.metrics.RelayMetrics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The notices of all nodes, in one hash slot; each step is one atomic script. A claim is a lease:
 * what a node claimed and does not settle in time, because it died, is due again on any node. Time
 * is Redis's own. Nothing expires: a notice goes when Laravel has it, or at the limit. One that is
 * to go alone is sent by the node that added it, which waits for the answer, if it does so within
 * two seconds.
 *
 * <p>While Redis is away, new notices wait in this process, under the same limit, and go in their
 * order once it is back; nothing is claimed, and what was delivered is settled later, or sent again
 * if the lease is over by then. A node that ends meanwhile loses what waits in it.
 */
final class RedisWebhookQueue implements WebhookQueue {

  private static final Logger log = LoggerFactory.getLogger(RedisWebhookQueue.class);

  /** How long a claim lasts: longer than a request to Laravel. */
  static final Duration LEASE = Duration.ofSeconds(15);

  /** How often {@link #tick} is to be called. */
  static final long TICK_MILLIS = 100;

  private static final RedisScript ADD = RedisScript.of("clock.lua", "hooks.lua", "hooks-add.lua");
  private static final RedisScript CLAIM =
      RedisScript.of("clock.lua", "hooks.lua", "hooks-claim.lua");
  private static final RedisScript SETTLE =
      RedisScript.of("clock.lua", "hooks.lua", "hooks-settle.lua");
  private static final RedisScript DEAD =
      RedisScript.of("clock.lua", "hooks.lua", "hooks-dead.lua");
  private static final RedisScript RETRY =
      RedisScript.of("clock.lua", "hooks.lua", "hooks-retry.lua");

  private static final byte[] NOBODY = RedisNames.utf8("-");

  private record Counts(int queued, long oldestMillis, int dead) {}

  private final RedisLane lane;
  private final RedisNames names;
  private final byte[] node;
  private final int limit;
  private final Duration lease;
  private final RelayMetrics metrics;
  private final Supplier<String> clock;
  private final UnkeptNotices unkept;

  /** Settlements that Redis did not take, each the end of a script's arguments. */
  private final Queue<List<byte[]>> unsettled = new ConcurrentLinkedQueue<>();

  /** Whether the last command was refused, which is logged once. */
  private volatile boolean refusing;

  /** As Redis told last. */
  private volatile Counts counts = new Counts(0, 0, 0);

  /**
   * The notices under these names.
   *
   * @param node this one
   */
  RedisWebhookQueue(
      RedisLane lane, RedisNames names, String node, int limit, RelayMetrics metrics) {
    this(lane, names, node, limit, LEASE, metrics, () -> "");
  }

  /** With a clock of epoch milliseconds in place of Redis's. */
  RedisWebhookQueue(
      RedisLane lane,
      RedisNames names,
      String node,
      int limit,
      Duration lease,
      RelayMetrics metrics,
      Supplier<String> clock) {
    this.lane = lane;
    this.names = names;
    this.node = RedisNames.utf8(node);
    this.limit = limit;
    this.lease = lease;
    this.metrics = metrics;
    this.clock = clock;
    this.unkept = new UnkeptNotices(limit, metrics, this::keep);
    metrics.gauge(
        "relay_webhooks_queued", "Notices of all nodes that Laravel has not heard yet", this::size);
    metrics.gauge(
        "relay_webhooks_oldest_seconds",
        "Age of the oldest of them",
        () -> counts.oldestMillis() / 1000.0);
    metrics.gauge(
        "relay_webhooks_dead", "Notices of all nodes that were given up", () -> counts.dead());
    metrics.gauge(
        "relay_webhooks_unkept", "Notices that only this process knows yet", unkept::size);
  }

  @Override
  public CompletionStage<Void> add(Notice notice, boolean alone) {
    return unkept.add(notice, alone);
  }

  private CompletionStage<?> keep(List<UnkeptNotices.Unkept> batch) {
    List<byte[]> arguments = bounds();
    for (UnkeptNotices.Unkept one : batch) {
      arguments.add(RedisNames.utf8(one.notice().id()));
      arguments.add(NoticeBytes.of(one.notice()));
      arguments.add(number(one.weight()));
      arguments.add(RedisNames.utf8(one.alone() ? "1" : "0"));
      arguments.add(one.alone() ? node : NOBODY);
      arguments.add(RedisNames.utf8(one.notice().lane()));
    }
    return run(ADD, arguments).thenAccept(reply -> dropped("full", reply));
  }

  @Override
  public List<Queued> claim(int most) {
    return claim(arguments(node, number(lease.toMillis()), number(most), batchBytes()));
  }

  @Override
  public @Nullable Queued claim(Notice notice) {
    byte[] id = RedisNames.utf8(notice.id());
    List<Queued> claimed =
        claim(arguments(node, number(lease.toMillis()), number(1), batchBytes(), id));
    return claimed.isEmpty() ? null : claimed.getFirst();
  }

  private List<Queued> claim(List<byte[]> arguments) {
    if (!unsettled.isEmpty()) {
      return List.of();
    }
    List<?> reply;
    try {
      reply = run(CLAIM, arguments).join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RedisAway) {
        return List.of();
      }
      throw e;
    }
    List<Queued> claimed = new ArrayList<>();
    Iterator<?> parts = ((List<?>) reply.get(1)).iterator();
    while (parts.hasNext()) {
      Notice notice = NoticeBytes.read((byte[]) parts.next());
      int attempts = Integer.parseInt(text(parts.next()));
      claimed.add(new Queued(notice, attempts, Long.parseLong(text(parts.next()))));
    }
    return claimed;
  }

  @Override
  public void delivered(List<Queued> claimed) {
    settle("delivered", Duration.ZERO, claimed, "");
  }

  @Override
  public void refused(List<Queued> claimed, Duration rest) {
    settle("refused", rest, claimed, "");
  }

  @Override
  public void release(List<Queued> claimed) {
    settle("released", Duration.ZERO, claimed, "");
  }

  @Override
  public void died(Queued claimed, String error) {
    settle("died", Duration.ZERO, List.of(claimed), error);
  }

  private void settle(String fate, Duration rest, List<Queued> claimed, String error) {
    if (claimed.isEmpty()) {
      return;
    }
    List<byte[]> settlement = new ArrayList<>();
    settlement.add(RedisNames.utf8(fate));
    settlement.add(number(rest.toMillis()));
    settlement.add(number(MAX_DEAD));
    for (Queued one : claimed) {
      settlement.add(RedisNames.utf8(one.notice().id()));
      settlement.add(RedisNames.utf8(one.notice().lane()));
      settlement.add(error.isEmpty() ? node : NoticeBytes.obituary(one, error));
    }
    settle(settlement);
  }

  private void settle(List<byte[]> settlement) {
    List<byte[]> arguments = arguments(node);
    arguments.addAll(settlement);
    run(SETTLE, arguments)
        .thenAccept(reply -> dropped("dead", reply))
        .exceptionally(
            failure -> {
              unsettled.add(settlement);
              return null;
            });
  }

  /** Tries again what Redis did not take; to be called every {@link #TICK_MILLIS}. */
  void tick() {
    if (isUp()) {
      unkept.retry();
      for (int left = unsettled.size(); left > 0; left--) {
        List<byte[]> settlement = unsettled.poll();
        if (settlement != null) {
          settle(settlement);
        }
      }
    }
  }

  @Override
  public CompletionStage<List<Dead>> dead() {
    return run(DEAD, arguments())
        .thenApply(
            reply -> {
              List<Dead> dead = new ArrayList<>();
              Iterator<?> parts = ((List<?>) reply.get(1)).iterator();
              while (parts.hasNext()) {
                dead.add(NoticeBytes.readDead(text(parts.next()), (byte[]) parts.next()));
              }
              return dead;
            });
  }

  @Override
  public CompletionStage<Boolean> retry(String id) {
    List<byte[]> arguments = bounds();
    arguments.add(RedisNames.utf8(id));
    return retry(arguments).thenApply(queued -> queued == 1);
  }

  @Override
  public CompletionStage<Integer> retryAll() {
    return retry(bounds());
  }

  private CompletionStage<Integer> retry(List<byte[]> arguments) {
    return run(RETRY, arguments)
        .thenApply(
            reply -> {
              dropped("full", reply);
              return ((Long) reply.get(2)).intValue();
            });
  }

  @Override
  public int size() {
    return counts.queued() + unkept.size();
  }

  @Override
  public int unkept() {
    return unkept.size();
  }

  private CompletableFuture<List<?>> run(RedisScript script, List<byte[]> arguments) {
    return run(script, names.hooks(), arguments);
  }

  /** Runs a script whose answer begins with the counts. */
  CompletableFuture<List<?>> run(RedisScript script, List<byte[]> keys, List<byte[]> arguments) {
    return lane.run(script, keys, arguments)
        .<List<?>>thenApply(
            reply -> {
              List<?> now = (List<?>) ((List<?>) reply).get(0);
              counts = new Counts(integer(now.get(0)), (Long) now.get(1), integer(now.get(2)));
              return (List<?>) reply;
            })
        .whenComplete(
            (reply, failure) -> {
              boolean refused = failure != null && !(failure.getCause() instanceof RedisAway);
              if (refused && !refusing) {
                log.warn("Redis does not take webhooks: {}", String.valueOf(failure));
              }
              refusing = refused;
            });
  }

  /** Counts those of which the answer says that they were dropped. */
  void dropped(String limitReached, List<?> reply) {
    for (int i = 0; i < integer(reply.get(1)); i++) {
      metrics.webhookDropped(limitReached);
    }
  }

  boolean isUp() {
    return lane.isUp(names.hookLanes());
  }

  /** The first arguments of scripts that may add. */
  List<byte[]> bounds() {
    return arguments(number(limit), number(MAX_BYTES));
  }

  /** Behind those that each script has. */
  private List<byte[]> arguments(byte[]... more) {
    List<byte[]> arguments = new ArrayList<>(2 + more.length);
    arguments.add(names.hookLanes());
    arguments.add(RedisNames.utf8(clock.get()));
    arguments.addAll(List.of(more));
    return arguments;
  }

  private static byte[] batchBytes() {
    return number(MAX_BATCH_BYTES);
  }

  private static int integer(@Nullable Object number) {
    return number instanceof Long known ? known.intValue() : 0;
  }

  private static String text(Object bytes) {
    return new String((byte[]) bytes, StandardCharsets.UTF_8);
  }

  private static byte[] number(long number) {
    return RedisNames.utf8(Long.toString(number));
  }
}
