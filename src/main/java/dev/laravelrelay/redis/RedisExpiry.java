package dev.laravelrelay.redis;

import dev.laravelrelay.event.Event;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds the held events whose time is over, of all users, soon after; whoever of the nodes removes
 * one tells of it. Which users are to be looked at, and when, is one sorted set, noted after each
 * hold: a user is in it while he has held events, and is looked at again a little later should the
 * node that took him die. What a node removes and does not tell, because it dies in that moment, is
 * not told.
 *
 * <p>Safe from any thread; nothing blocks.
 */
final class RedisExpiry {

  private static final int MAX_USERS = 500;
  private static final int MAX_UNNOTED = 100_000;
  private static final long AGAIN_MILLIS = 5_000;

  private static final RedisScript NOTE =
      RedisScript.of("clock.lua", "expiring.lua", "expiring-note.lua");
  private static final RedisScript DUE =
      RedisScript.of("clock.lua", "expiring.lua", "expiring-due.lua");
  private static final RedisScript NEXT =
      RedisScript.of("clock.lua", "expiring.lua", "expiring-next.lua");

  private final RedisLane emits;
  private final RedisLane rest;
  private final List<byte[]> keys;
  private final RedisHeldEvents heldEvents;
  private final BiConsumer<String, Event> expired;
  private final Supplier<String> clock;

  /** Users who are to be looked at, and of whom Redis has not heard. */
  private final Set<String> unnoted = ConcurrentHashMap.newKeySet();

  /**
   * By Redis's own clock.
   *
   * @param emits the lane over which events are held
   * @param expired is told of each user's events that end; must not block
   */
  RedisExpiry(
      RedisLane emits,
      RedisLane rest,
      RedisNames names,
      RedisHeldEvents heldEvents,
      BiConsumer<String, Event> expired) {
    this(emits, rest, names, heldEvents, expired, () -> "");
  }

  /** With a clock of epoch milliseconds in place of Redis's. */
  RedisExpiry(
      RedisLane emits,
      RedisLane rest,
      RedisNames names,
      RedisHeldEvents heldEvents,
      BiConsumer<String, Event> expired,
      Supplier<String> clock) {
    this.emits = emits;
    this.rest = rest;
    this.keys = List.of(names.expiring());
    this.heldEvents = heldEvents;
    this.expired = expired;
    this.clock = clock;
  }

  /** An event of the user was just held for so long. */
  void note(String user, long holdMillis) {
    note(emits, user, RedisNames.utf8(Long.toString(holdMillis)));
  }

  private void note(RedisLane lane, String user, byte[]... when) {
    byte[][] arguments = new byte[2 + when.length][];
    arguments[0] = RedisNames.utf8(clock.get());
    arguments[1] = RedisNames.utf8(user);
    System.arraycopy(when, 0, arguments, 2, when.length);
    lane.run(NOTE, keys, List.of(arguments))
        .whenComplete(
            (noted, failure) -> {
              if (failure != null && unnoted.size() < MAX_UNNOTED) {
                unnoted.add(user);
              }
            });
  }

  /** A held event of the user was removed, because its time was over. */
  void expired(String user, Event event) {
    expired.accept(user, event);
  }

  /** Looks at those whose time has come; to be called every second. */
  void sweep() {
    if (!rest.isUp()) {
      return;
    }
    for (String user : List.copyOf(unnoted)) {
      unnoted.remove(user);
      note(rest, user, RedisNames.utf8("0"));
    }
    rest.run(
            DUE,
            keys,
            List.of(
                RedisNames.utf8(clock.get()),
                RedisNames.utf8(Integer.toString(MAX_USERS)),
                RedisNames.utf8(Long.toString(AGAIN_MILLIS))))
        .thenAccept(
            reply -> {
              List<?> users = (List<?>) ((List<?>) reply).get(0);
              byte[] again = (byte[]) ((List<?>) reply).get(1);
              users.forEach(user -> look((byte[]) user, again));
            });
  }

  /** Twice, for a hold that comes in between and finds the user noted. */
  private void look(byte[] id, byte[] again) {
    String user = new String(id, StandardCharsets.UTF_8);
    heldEvents
        .expire(user)
        .thenCompose(next -> next(id, again, next))
        .thenCompose(set -> heldEvents.expire(user))
        .thenAccept(
            next -> {
              if (next != null) {
                note(rest, user, RedisNames.utf8("0"), RedisNames.utf8(next));
              }
            });
  }

  private CompletionStage<Object> next(byte[] user, byte[] again, @Nullable String next) {
    byte[] when = RedisNames.utf8(next == null ? "" : next);
    return rest.run(NEXT, keys, List.of(RedisNames.utf8(clock.get()), user, again, when));
  }
}
