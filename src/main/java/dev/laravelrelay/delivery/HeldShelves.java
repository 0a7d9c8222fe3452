package dev.laravelrelay.delivery;

import dev.laravelrelay.event.Event;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Held events by user, by age and by the second in which their time ends, with sums. Every
 * operation takes constant time, but for the look-up of that second among those in which something
 * ends. Keeps no limit. Not safe for threads.
 */
final class HeldShelves {

  private static final int SECOND = 1_000;

  /** One event of one user. Its neighbours in age, and among those that end in its second. */
  static final class Held {

    final String user;
    final Event event;
    final int weight;
    private @Nullable Held older;
    private @Nullable Held newer;
    private @Nullable Held before;
    private @Nullable Held behind;

    private Held(String user, Event event) {
      this.user = user;
      this.event = event;
      this.weight = HeldEvents.weight(event);
    }

    long until() {
      return event.heldUntil();
    }

    /** By the end of which its time has ended. */
    private long second() {
      return Math.ceilDiv(until(), SECOND);
    }
  }

  /** What ends in one second, in no order; in the map only while there is something. */
  private static final class Ending {

    private @Nullable Held first;

    void add(Held held) {
      held.behind = first;
      if (first != null) {
        first.before = held;
      }
      first = held;
    }

    void remove(Held held) {
      if (held.before == null) {
        first = held.behind;
      } else {
        held.before.behind = held.behind;
      }
      if (held.behind != null) {
        held.behind.before = held.before;
      }
    }
  }

  /** What is held for one user; in the map only while there is something. */
  private static final class Shelf {

    private final Map<String, Held> byId = new LinkedHashMap<>();
    private Map<String, Held> byCollapseKey = Map.of();
    private long bytes;
  }

  private final Map<String, Shelf> shelves = new HashMap<>();
  private final TreeMap<Long, Ending> endings = new TreeMap<>();
  private @Nullable Held oldest;
  private @Nullable Held newest;
  private int events;
  private long bytes;

  /** An event for {@link #add}. */
  Held make(String user, Event event) {
    return new Held(user, event);
  }

  /** Adds one whose id and collapse key the user does not have. */
  void add(Held held) {
    Shelf shelf = shelves.computeIfAbsent(held.user, user -> new Shelf());
    shelf.byId.put(held.event.id(), held);
    String key = held.event.terms().collapseKey();
    if (key != null) {
      if (shelf.byCollapseKey.isEmpty()) {
        shelf.byCollapseKey = new HashMap<>(2);
      }
      shelf.byCollapseKey.put(key, held);
    }
    shelf.bytes += held.weight;
    endings.computeIfAbsent(held.second(), second -> new Ending()).add(held);
    append(held);
    events++;
    bytes += held.weight;
  }

  private void append(Held held) {
    held.older = newest;
    if (newest == null) {
      oldest = held;
    } else {
      newest.newer = held;
    }
    newest = held;
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
    Ending ending = endings.get(held.second());
    if (ending != null) {
      ending.remove(held);
      if (ending.first == null) {
        endings.remove(held.second());
      }
    }
    unlink(held);
    events--;
    bytes -= held.weight;
  }

  private void unlink(Held held) {
    if (held.older == null) {
      oldest = held.newer;
    } else {
      held.older.newer = held.newer;
    }
    if (held.newer == null) {
      newest = held.older;
    } else {
      held.newer.older = held.older;
    }
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
    return Objects.requireNonNull(oldest);
  }

  /** One whose time has ended by {@code now}; it is found with the last of its second. */
  @Nullable Held over(long now) {
    Map.Entry<Long, Ending> first = endings.firstEntry();
    return first == null || first.getKey() * SECOND > now ? null : first.getValue().first;
  }

  int events() {
    return events;
  }

  long bytes() {
    return bytes;
  }

  /** How many users have something. */
  int users() {
    return shelves.size();
  }
}
