package dev.laravelrelay.delivery;

import dev.laravelrelay.config.DeliveryConfig;
import dev.laravelrelay.delivery.HeldShelves.Held;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.metrics.RelayMetrics.HeldEnd;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;

/**
 * Held events in this process's memory: gone when it ends. Where a limit is reached, the expired go
 * first, then the oldest: of the user for his limits, of all for the one in all. Every event that
 * was stored is counted once more when it ends, with the reason.
 *
 * <p>One lock guards everything; it is held for a few map operations, never while anything is
 * called that could wait.
 */
public final class MemoryHeldEvents implements HeldEvents {

  private final DeliveryConfig limits;
  private final RelayMetrics metrics;
  private final LongSupplier clock;
  private final BiConsumer<String, Event> expired;

  private final Object lock = new Object();

  /** Only touched under the lock. */
  private final HeldShelves shelves = new HeldShelves();

  /**
   * None held yet.
   *
   * @param clock epoch milliseconds
   */
  public MemoryHeldEvents(DeliveryConfig limits, RelayMetrics metrics, LongSupplier clock) {
    this(limits, metrics, clock, (user, event) -> {});
  }

  /**
   * None held yet.
   *
   * @param expired told of each user's event whose time ended without a receipt, by the thread that
   *     found it, without a lock; must not block
   */
  public MemoryHeldEvents(
      DeliveryConfig limits,
      RelayMetrics metrics,
      LongSupplier clock,
      BiConsumer<String, Event> expired) {
    this.limits = limits;
    this.metrics = metrics;
    this.clock = clock;
    this.expired = expired;
    metrics.gauge("relay_held_events", "Held events, one for each user", this::events);
    metrics.gauge("relay_held_bytes", "What the held events count, in bytes", this::bytes);
  }

  /** How many are held, in all, those included whose time is over and that nobody asked for. */
  public int events() {
    synchronized (lock) {
      return shelves.events();
    }
  }

  /** What they count against the limit in all. */
  public long bytes() {
    synchronized (lock) {
      return shelves.bytes();
    }
  }

  @Override
  public CompletionStage<Boolean> hold(String user, Event event) {
    List<Held> gone = new ArrayList<>();
    long now = clock.getAsLong();
    boolean kept;
    synchronized (lock) {
      kept =
          shelves.byId(user, event.id()) != null
              || put(shelves.make(user, compacted(event)), now, gone);
    }
    tell(gone);
    return CompletableFuture.completedStage(kept);
  }

  @Override
  public CompletionStage<List<Event>> of(String user) {
    List<Held> gone = new ArrayList<>();
    long now = clock.getAsLong();
    List<Event> found;
    synchronized (lock) {
      expireOf(user, now, gone);
      found = shelves.of(user).stream().map(held -> held.event).toList();
    }
    tell(gone);
    return CompletableFuture.completedStage(found);
  }

  @Override
  public CompletionStage<Void> release(String user, String eventId) {
    synchronized (lock) {
      Held held = shelves.byId(user, eventId);
      if (held != null) {
        end(held, HeldEnd.RELEASED);
      }
    }
    return CompletableFuture.completedStage(null);
  }

  @Override
  public CompletionStage<Integer> drop(String user) {
    List<Held> gone = new ArrayList<>();
    long now = clock.getAsLong();
    List<Held> dropped;
    synchronized (lock) {
      expireOf(user, now, gone);
      dropped = List.copyOf(shelves.of(user));
      dropped.forEach(held -> end(held, HeldEnd.DROPPED));
    }
    tell(gone);
    return CompletableFuture.completedStage(dropped.size());
  }

  /**
   * Forgets those whose time is over, to be called now and then; costs nothing for the others.
   *
   * @param now epoch milliseconds
   * @return how many there were
   */
  public int expire(long now) {
    List<Held> gone = new ArrayList<>();
    synchronized (lock) {
      expireAll(now, gone);
    }
    tell(gone);
    return gone.size();
  }

  private boolean put(Held newest, long now, List<Held> gone) {
    Held older = shelves.byCollapseKey(newest.user, newest.event.terms().collapseKey());
    if (older != null) {
      end(older, HeldEnd.COLLAPSED);
    }
    metrics.eventHeld();
    if (newest.until() <= now) {
      metrics.heldEnded(HeldEnd.EXPIRED);
      gone.add(newest);
      return false;
    }
    if (newest.weight > limits.heldBytesPerUser()
        || newest.weight > limits.heldBytesInAll()
        || limits.heldEventsPerUser() < 1) {
      metrics.heldEnded(HeldEnd.EVICTED);
      return false;
    }
    makeRoom(newest, now, gone);
    shelves.add(newest);
    return true;
  }

  private void makeRoom(Held newest, long now, List<Held> gone) {
    if (isFull(newest)) {
      expireOf(newest.user, now, gone);
    }
    while (isFull(newest)) {
      end(shelves.of(newest.user).iterator().next(), HeldEnd.EVICTED);
    }
    if (isFullInAll(newest)) {
      expireAll(now, gone);
    }
    while (isFullInAll(newest)) {
      end(shelves.oldest(), HeldEnd.EVICTED);
    }
  }

  private boolean isFull(Held newest) {
    return shelves.of(newest.user).size() >= limits.heldEventsPerUser()
        || shelves.bytesOf(newest.user) + newest.weight > limits.heldBytesPerUser();
  }

  private boolean isFullInAll(Held newest) {
    return shelves.bytes() + newest.weight > limits.heldBytesInAll();
  }

  private void expireOf(String user, long now, List<Held> gone) {
    List<Held> over = shelves.of(user).stream().filter(held -> held.until() <= now).toList();
    over.forEach(held -> end(held, HeldEnd.EXPIRED));
    gone.addAll(over);
  }

  private void expireAll(long now, List<Held> gone) {
    Held over;
    while ((over = shelves.over(now)) != null) {
      end(over, HeldEnd.EXPIRED);
      gone.add(over);
    }
  }

  private void end(Held held, HeldEnd why) {
    shelves.remove(held);
    metrics.heldEnded(why);
  }

  private void tell(List<Held> gone) {
    gone.forEach(held -> expired.accept(held.user, held.event));
  }

  private static Event compacted(Event event) {
    return new Event(
        event.id(),
        event.name(),
        event.data().compact(),
        event.target(),
        event.terms(),
        event.acceptedAt());
  }
}
