package dev.laravelrelay.delivery;

import dev.laravelrelay.event.Event;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** How an event reaches the sessions of its target, on whatever node they are. */
public interface Backplane {

  /**
   * Stores the event for its users if it is to be held, then hands it to every node that has
   * sessions of the target. Returns at once; safe from any thread. Events that one thread publishes
   * to one user arrive in that order.
   */
  CompletionStage<Published> publish(Event event);

  /** What {@link #publish} came to. */
  sealed interface Published {

    /**
     * Stored where that was asked for, and handed on.
     *
     * @param reached for user targets one entry for each user, in the target's order, also for
     *     those with no session; for other targets one entry without a user
     */
    record Done(List<Reach> reached) implements Published {}

    /** Not published, not stored. */
    record Unavailable(int retryAfterSeconds) implements Published {}
  }

  /**
   * How far an event got.
   *
   * @param user empty for targets that name no user
   * @param sessions open sessions that it was handed to
   * @param held whether it is stored until a receipt
   */
  record Reach(String user, int sessions, boolean held) {}
}
