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

  /** Keeps the event for the user; a held one with the same collapse key is replaced. */
  CompletionStage<Void> hold(String user, Event event);

  /** The user's held events, oldest first, without those whose hold has ended. */
  CompletionStage<List<Event>> of(String user);

  /** Forgets one event of the user, after a receipt. */
  CompletionStage<Void> release(String user, String eventId);

  /** Forgets all events of the user; answers how many there were. */
  CompletionStage<Integer> drop(String user);
}
