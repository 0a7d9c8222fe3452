package dev.laravelrelay.redis;

import dev.laravelrelay.config.DeliveryConfig;
import dev.laravelrelay.delivery.HeldEvents;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.metrics.RelayMetrics.HeldEnd;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Held events in Redis, for all nodes. Each operation is one atomic script on the keys of one user.
 * Time is Redis's own: a hold lasts its seconds from when it was stored, whatever a node's clock
 * says. The keys of a user go by themselves a while after his last hold has ended. The limits are
 * those per user; in all, Redis's own {@code maxmemory} is the limit, and a Redis that is full
 * refuses. What expires is told by the one node whose script removed it; without {@link
 * #watchExpiry} only where somebody asks for the user.
 */
final class RedisHeldEvents implements HeldEvents {

  private static final Logger log = LoggerFactory.getLogger(RedisHeldEvents.class);

  private static final RedisScript HOLD = RedisScript.of("clock.lua", "held.lua", "held-hold.lua");
  private static final RedisScript OF = RedisScript.of("clock.lua", "held.lua", "held-of.lua");
  private static final RedisScript RELEASE =
      RedisScript.of("clock.lua", "held.lua", "held-release.lua");
  private static final RedisScript DROP = RedisScript.of("clock.lua", "held.lua", "held-drop.lua");
  private static final RedisScript EXPIRE =
      RedisScript.of("clock.lua", "held.lua", "held-expire.lua");
  private static final byte[] NOTHING = {};

  /** For how long the keys of a user outlive his last hold, in milliseconds. */
  private static final long KEPT_MILLIS = 60_000;

  /** The same if what expires is to be told: no node may be there to see it. */
  private static final long KEPT_TO_BE_TOLD_MILLIS = 86_400_000;

  /**
   * What storing and publishing came to.
   *
   * @param nodes that have open sessions of the user
   * @param kept whether the event is held now
   */
  record Stored(int nodes, boolean kept) {}

  private final RedisLane emits;
  private final RedisLane rest;
  private final RedisNames names;
  private final String node;
  private final DeliveryConfig limits;
  private final RelayMetrics metrics;
  private final Supplier<String> clock;
  private volatile @Nullable RedisExpiry expiry;

  /** Users whose events could not be read. */
  private final Set<String> unread = ConcurrentHashMap.newKeySet();

  /**
   * What is held under these names.
   *
   * @param emits the lane for what an emitter waits for
   * @param rest the lane for everything else
   * @param node this one
   */
  RedisHeldEvents(
      RedisLane emits,
      RedisLane rest,
      RedisNames names,
      String node,
      DeliveryConfig limits,
      RelayMetrics metrics) {
    this(emits, rest, names, node, limits, metrics, () -> "");
  }

  /** With a clock of epoch milliseconds in place of Redis's. */
  RedisHeldEvents(
      RedisLane emits,
      RedisLane rest,
      RedisNames names,
      String node,
      DeliveryConfig limits,
      RelayMetrics metrics,
      Supplier<String> clock) {
    this.emits = emits;
    this.rest = rest;
    this.names = names;
    this.node = node;
    this.limits = limits;
    this.metrics = metrics;
    this.clock = clock;
  }

  /** From now on what expires is found and told, wherever nobody asks for it. */
  void watchExpiry(RedisExpiry watching) {
    expiry = watching;
  }

  /** Forgets what has expired; when the user's next hold ends, null if he has none. */
  CompletionStage<@Nullable String> expire(String user) {
    return rest.run(EXPIRE, keys(user), List.of(RedisNames.utf8(clock.get())))
        .thenApply(
            reply -> {
              List<?> parts = (List<?>) reply;
              expired(user, parts.get(0));
              String next = new String((byte[]) parts.get(1), StandardCharsets.US_ASCII);
              return next.isEmpty() ? null : next;
            });
  }

  @Override
  public CompletionStage<Boolean> hold(String user, Event event) {
    return hold(user, keys(user), event, EventBytes.whole(event), NOTHING).thenApply(Stored::kept);
  }

  /** Stores the event and publishes it to the nodes that have the user, in one step. */
  CompletableFuture<Stored> holdAndPublish(String user, Event event, byte[] bytes, byte[] head) {
    List<byte[]> keys = keys(user);
    keys.add(names.bytes(new Topic.User(user)));
    keys.add(names.bytes(new Topic.Suspended(user)));
    return hold(user, keys, event, bytes, head);
  }

  private CompletableFuture<Stored> hold(
      String user, List<byte[]> keys, Event event, byte[] bytes, byte[] head) {
    RedisExpiry watching = expiry;
    String key = event.terms().collapseKey();
    List<byte[]> arguments =
        List.of(
            RedisNames.utf8(clock.get()),
            RedisNames.utf8(event.id()),
            bytes,
            number(HeldEvents.weight(event)),
            number(event.terms().holdSeconds() * 1000L),
            RedisNames.utf8(key == null ? "" : "=" + key),
            number(limits.heldEventsPerUser()),
            number(limits.heldBytesPerUser()),
            RedisNames.utf8(event.terms().confirmMillis() > 0 ? node : ""),
            number(event.terms().confirmMillis()),
            head,
            number(watching == null ? KEPT_MILLIS : KEPT_TO_BE_TOLD_MILLIS),
            emits.pubSub().publishName(),
            emits.pubSub().listenersName());
    CompletableFuture<Object> reply = emits.run(HOLD, keys, arguments);
    if (watching != null) {
      watching.note(user, event.terms().holdSeconds() * 1000L);
    }
    return reply.thenApply(counts -> stored(user, counts));
  }

  private Stored stored(String user, Object reply) {
    List<?> counts = (List<?>) reply;
    for (int i = 0; i < integer(counts.get(2)); i++) {
      metrics.eventHeld();
    }
    expired(user, counts.get(3));
    ended(integer(counts.get(4)), HeldEnd.EVICTED);
    ended(integer(counts.get(5)), HeldEnd.COLLAPSED);
    return new Stored(integer(counts.get(0)), integer(counts.get(1)) == 1);
  }

  /** As {@link #of}, but who could not be read is not noted. */
  CompletableFuture<List<Event>> read(String user) {
    return rest.run(OF, keys(user), List.of(RedisNames.utf8(clock.get())))
        .thenApply(
            reply -> {
              List<?> parts = (List<?>) reply;
              expired(user, parts.get(0));
              return events(user, (List<?>) parts.get(1));
            });
  }

  @Override
  public CompletionStage<List<Event>> of(String user) {
    return read(user)
        .whenComplete(
            (events, failure) -> {
              if (failure != null) {
                unread.add(user);
              }
            });
  }

  /** The users whose events could not be read since this was last asked. */
  List<String> takeUnread() {
    List<String> users = List.copyOf(unread);
    users.forEach(unread::remove);
    return users;
  }

  private static List<Event> events(String user, List<?> texts) {
    List<Event> events = new ArrayList<>(texts.size());
    for (Object text : texts) {
      try {
        events.add(EventBytes.read(new ByteReader((byte[]) text), user));
      } catch (RuntimeException e) {
        log.warn("a held event of user {} cannot be read", user, e);
      }
    }
    return events;
  }

  @Override
  public CompletionStage<Void> release(String user, String eventId) {
    List<byte[]> arguments = List.of(RedisNames.utf8(clock.get()), RedisNames.utf8(eventId));
    return rest.run(RELEASE, keys(user), arguments)
        .thenAccept(
            reply -> {
              List<?> released = (List<?>) reply;
              ended(integer(released.get(0)), HeldEnd.RELEASED);
              String waiting = new String((byte[]) released.get(1), StandardCharsets.UTF_8);
              if (!waiting.isEmpty() && !waiting.equals(node)) {
                byte[] received = new NodeMessage.Received(eventId, user).toBytes();
                rest.publish(names.bytes(new Topic.Node(waiting)), received);
              }
            });
  }

  @Override
  public CompletionStage<Integer> drop(String user) {
    return rest.run(DROP, keys(user), List.of(RedisNames.utf8(clock.get())))
        .thenApply(
            reply -> {
              List<?> counts = (List<?>) reply;
              expired(user, counts.get(0));
              ended(integer(counts.get(1)), HeldEnd.DROPPED);
              return integer(counts.get(1));
            });
  }

  private void expired(String user, @Nullable Object texts) {
    List<?> over = texts instanceof List<?> list ? list : List.of();
    ended(over.size(), HeldEnd.EXPIRED);
    RedisExpiry watching = expiry;
    if (watching != null && !over.isEmpty()) {
      events(user, over).forEach(event -> watching.expired(user, event));
    }
  }

  private void ended(int count, HeldEnd why) {
    for (int i = 0; i < count; i++) {
      metrics.heldEnded(why);
    }
  }

  private List<byte[]> keys(String user) {
    List<byte[]> keys = new ArrayList<>(5);
    keys.add(names.held(user));
    keys.add(names.heldOrder(user));
    keys.add(names.heldUntil(user));
    return keys;
  }

  private static int integer(Object reply) {
    return Objects.requireNonNull((Long) reply).intValue();
  }

  private static byte[] number(long number) {
    return RedisNames.utf8(Long.toString(number));
  }
}
