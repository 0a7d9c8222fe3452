package dev.laravelrelay.delivery;

import dev.laravelrelay.event.Event;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.session.Receipt;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Closes the circle: what a client has proved to have is no longer held, and whoever awaits it is
 * told. Safe from any thread; nothing blocks.
 */
public final class Receipts {

  /** In place of a user: the event went to more users than are told apart. */
  static final String ANYONE = "";

  private final HeldEvents heldEvents;
  private final RelayMetrics metrics;
  private final ConcurrentMap<String, Awaited> awaited = new ConcurrentHashMap<>();

  public Receipts(HeldEvents heldEvents, RelayMetrics metrics) {
    this.heldEvents = heldEvents;
    this.metrics = metrics;
    metrics.gauge("relay_emits_awaiting", "Emits that wait for a receipt", awaited::size);
  }

  /** What a session of the user is to call when its client has the event. */
  public Receipt of(Event event, String user) {
    return of(event, user, here -> received(event.id(), here));
  }

  /**
   * As {@link #of(Event, String)}, for an event that is awaited elsewhere.
   *
   * @param awaiting told of the user
   */
  Receipt of(Event event, String user, Consumer<String> awaiting) {
    return () -> {
      if (event.terms().holdSeconds() > 0) {
        heldEvents.release(user, event.id());
      }
      awaiting.accept(user);
    };
  }

  /**
   * A client of the user has the event.
   *
   * @param user empty if the event went to so many that it is not known whose client it is
   */
  public void received(String eventId, String user) {
    Awaited waiting = awaited.get(eventId);
    if (waiting != null) {
      waiting.received(user);
    }
  }

  /** Collects the event's receipts from now on; to be called before it is published. */
  Awaited await(Event event) {
    Awaited waiting = new Awaited(event.id());
    awaited.put(event.id(), waiting);
    return waiting;
  }

  /** How many emits wait for a receipt now. */
  int awaiting() {
    return awaited.size();
  }

  /** The receipts of one event while its emitter waits for them. */
  final class Awaited {

    private final String eventId;
    private final long startedAt = System.nanoTime();
    private final CompletableFuture<Map<String, Integer>> done = new CompletableFuture<>();
    private final Map<String, Integer> received = new HashMap<>();
    private Set<String> missing = new HashSet<>();
    private boolean expecting;

    private Awaited(String eventId) {
      this.eventId = eventId;
    }

    private synchronized void received(String user) {
      if (received.merge(user, 1, Integer::sum) == 1) {
        metrics.receipt(System.nanoTime() - startedAt);
      }
      boolean expected = missing.remove(user);
      boolean anyone = missing.remove(ANYONE);
      if (expecting && (expected || anyone)) {
        completeIfNothingIsMissing();
      }
    }

    /**
     * Completes when each of these users has given a receipt, or when the time is over, with the
     * number of receipts by user. Nothing is collected after that.
     */
    CompletionStage<Map<String, Integer>> from(Set<String> users, Duration within) {
      synchronized (this) {
        missing.addAll(users);
        missing.removeAll(received.keySet());
        if (!received.isEmpty()) {
          missing.remove(ANYONE);
        }
        expecting = true;
        completeIfNothingIsMissing();
      }
      return done.completeOnTimeout(Map.of(), within.toMillis(), TimeUnit.MILLISECONDS)
          .thenApply(ignored -> stop());
    }

    /** Stops collecting; the receipts so far, by user. */
    synchronized Map<String, Integer> stop() {
      awaited.remove(eventId, this);
      return Map.copyOf(received);
    }

    private void completeIfNothingIsMissing() {
      if (missing.isEmpty()) {
        done.complete(Map.of());
      }
    }
  }
}
