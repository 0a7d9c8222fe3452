package dev.laravelrelay.delivery;

import dev.laravelrelay.event.Event;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Held events by user, by age and by the end of their time, with sums. Every operation takes
 * constant time, or logarithmic for the end of time. Keeps no limit. Not safe for threads.
 */
final class HeldShelves {

  /** One event of one user. */
  static final class Held {

    final String user;
    final Event event;
    final int weight;
    private final long number;

    private Held(String user, Event event, long number) {
      this.user = user;
      this.event = event;
      this.weight = HeldEvents.weight(event);
      this.number = number;
    }

    long until() {
      return event.heldUntil();
    }
  }

  /** What is held for one user; in the map only while there is something. */
  private static final class Shelf {

    private final Map<String, Held> byId = new LinkedHashMap<>();
    private final Map<String, Held> byCollapseKey = new HashMap<>(2);
    private long bytes;
  }

  private final Map<String, Shelf> shelves = new HashMap<>();
  private final LinkedHashSet<Held> oldestFirst = new LinkedHashSet<>();
  private final TreeSet<Held> soonestFirst =
      new TreeSet<>(Comparator.comparingLong(Held::until).thenComparingLong(held -> held.number));

  private long bytes;
  private long number;

  /** An event for {@link #add}, newer than all that were made before. */
  Held make(String user, Event event) {
    return new Held(user, event, number++);
  }

  /** Adds one whose id and collapse key the user does not have. */
  void add(Held held) {
    Shelf shelf = shelves.computeIfAbsent(held.user, user -> new Shelf());
    shelf.byId.put(held.event.id(), held);
    String key = held.event.terms().collapseKey();
    if (key != null) {
      shelf.byCollapseKey.put(key, held);
    }
    shelf.bytes += held.weight;
    oldestFirst.add(held);
    soonestFirst.add(held);
    bytes += held.weight;
  }

  /** Takes out one that is in. */
  void remove(Held held) {
    Shelf shelf = shelves.get(held.user);
    if (shelf == null || !shelf.byId.remove(held.event.id(), held)) {
      throw new IllegalStateException("not held: " + held.event.id());
    }
    String key = held.event.terms().collapseKey();
    if (key != null) {
      shelf.byCollapseKey.remove(key);
    }
    shelf.bytes -= held.weight;
    if (shelf.byId.isEmpty()) {
      shelves.remove(held.user);
    }
    oldestFirst.remove(held);
    soonestFirst.remove(held);
    bytes -= held.weight;
  }

  @Nullable Held byId(String user, String id) {
    Shelf shelf = shelves.get(user);
    return shelf == null ? null : shelf.byId.get(id);
  }

  @Nullable Held byCollapseKey(String user, @Nullable String key) {
    Shelf shelf = shelves.get(user);
    return shelf == null || key == null ? null : shelf.byCollapseKey.get(key);
  }

  /** The user's, oldest first; a view. */
  Collection<Held> of(String user) {
    Shelf shelf = shelves.get(user);
    return shelf == null ? List.of() : shelf.byId.values();
  }

  /** What the user's count, in bytes. */
  long bytesOf(String user) {
    Shelf shelf = shelves.get(user);
    return shelf == null ? 0 : shelf.bytes;
  }

  /** The oldest in all; there must be one. */
  Held oldest() {
    return oldestFirst.getFirst();
  }

  /** The one whose time ends first, if that is at or before {@code now}. */
  @Nullable Held over(long now) {
    return soonestFirst.isEmpty() || soonestFirst.getFirst().until() > now
        ? null
        : soonestFirst.getFirst();
  }

  int events() {
    return oldestFirst.size();
  }

  long bytes() {
    return bytes;
  }

  /** How many users have something. */
  int users() {
    return shelves.size();
  }
}
