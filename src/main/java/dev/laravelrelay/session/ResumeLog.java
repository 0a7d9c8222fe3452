package dev.laravelrelay.session;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a session was given lately, so that a client that lost its connection can be given what it
 * missed. Bounded in number, bytes and time; the oldest goes first, and then a client that has
 * nothing newer cannot resume. Safe from any thread.
 */
public final class ResumeLog {

  /** For how long a client may be away, and how far back its events go. */
  public static final long KEPT_MILLIS = 120_000;

  /** How many events are kept. */
  public static final int MAX_EVENTS = 1_000;

  /** How many bytes of events are kept. */
  public static final int MAX_BYTES = 1 << 20;

  private static final int REPEATED_WITHIN = 64;

  private record Entry(Delivery delivery, long at) {}

  private final ArrayDeque<Entry> entries = new ArrayDeque<>(0);
  private String base;
  private long bytes;
  private @Nullable Consumer<Delivery> successor;
  private boolean ended;

  /**
   * Complete from here on.
   *
   * @param base the id of the last event that the client has; empty if it has none
   */
  public ResumeLog(String base) {
    this.base = base;
  }

  /** Complete from here on, though it was not known before. Before anything is added. */
  public synchronized void startAt(String id) {
    base = id;
  }

  /**
   * Appends what is given to the session, or would be; after {@link #handOver} the successor gets
   * it. False if it was there a moment ago: while a session goes from open to suspended, the nodes
   * hear an event twice. Epoch milliseconds.
   */
  public synchronized boolean add(Delivery delivery, long now) {
    if (successor != null) {
      successor.accept(delivery);
      return true;
    }
    if (isRepeated(delivery.eventId(), now)) {
      return false;
    }
    entries.add(new Entry(delivery, now));
    bytes += delivery.frame().size();
    while (entries.size() > MAX_EVENTS
        || bytes > MAX_BYTES
        || entries.getFirst().at() < now - KEPT_MILLIS) {
      Delivery gone = entries.removeFirst().delivery();
      bytes -= gone.frame().size();
      base = gone.eventId();
      if (entries.isEmpty()) {
        break;
      }
    }
    return true;
  }

  private boolean isRepeated(String id, long now) {
    Iterator<Entry> backwards = entries.descendingIterator();
    for (int i = 0; i < REPEATED_WITHIN && backwards.hasNext(); i++) {
      Entry entry = backwards.next();
      if (entry.at() < now - KEPT_MILLIS) {
        return false;
      }
      if (entry.delivery().eventId().equals(id)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Everything behind the event with this id, oldest first; nothing if the id is not known, or is
   * no longer.
   */
  public synchronized Optional<List<Delivery>> after(String id) {
    if (!covers(id)) {
      return Optional.empty();
    }
    List<Delivery> tail = new ArrayList<>();
    boolean behind = id.equals(base);
    for (Entry entry : entries) {
      if (behind) {
        tail.add(entry.delivery());
      }
      behind |= entry.delivery().eventId().equals(id);
    }
    return Optional.of(tail);
  }

  /** As {@link #after}, once and for all: what still comes is given to the successor. */
  public synchronized List<Delivery> handOver(String id, Consumer<Delivery> to) {
    successor = to;
    return after(id).orElse(List.of());
  }

  /** The events up to and with this id: the client has them. */
  public synchronized List<Delivery> upTo(String id) {
    List<Delivery> head = new ArrayList<>();
    Iterator<Entry> all = entries.iterator();
    while (!id.equals(base) && all.hasNext()) {
      Delivery delivery = all.next().delivery();
      head.add(delivery);
      if (delivery.eventId().equals(id)) {
        break;
      }
    }
    return head;
  }

  /** Whether the session was never given an event, so that its client knows no id. */
  public synchronized boolean isUntouched() {
    return base.isEmpty() && entries.isEmpty();
  }

  /** Whether a client that has the event with this id can be given all that it missed. */
  public synchronized boolean covers(String id) {
    return !ended
        && (id.equals(base)
            || entries.stream().anyMatch(entry -> entry.delivery().eventId().equals(id)));
  }

  /** Nobody resumes from it any more. */
  public synchronized void end() {
    ended = true;
  }

  /** Whether {@link #end} was called. */
  public synchronized boolean isEnded() {
    return ended;
  }
}
