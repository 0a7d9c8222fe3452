package dev.laravelrelay.delivery;

import dev.laravelrelay.event.Event;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * The events that are kept for users until one of their clients gives a receipt or the hold ends.
 * Bounded per user and in all; the oldest goes first and is counted. Safe from any thread; nothing
 * blocks.
 */
public interface HeldEvents {

  /** What an event costs besides its text, in bytes, roughly. */
  int OVERHEAD = 256;

  /** What a held event counts against the limits, in bytes. */
  static int weight(Event event) {
    String key = event.terms().collapseKey();
    return event.data().length()
        + event.name().length()
        + event.id().length()
        + (key == null ? 0 : key.length())
        + OVERHEAD;
  }

  /**
   * Keeps the event for the user, as his newest; a held one with the same collapse key goes. The
   * same id again changes nothing. An event that alone is over a limit is not kept, and counted.
   * Answers whether it is kept.
   */
  CompletionStage<Boolean> hold(String user, Event event);

  /** The user's held events, oldest first, without those whose hold has ended. */
  CompletionStage<List<Event>> of(String user);

  /** Forgets one event of the user, after a receipt. */
  CompletionStage<Void> release(String user, String eventId);

  /** Forgets all events of the user; answers how many there were. */
  CompletionStage<Integer> drop(String user);
}
