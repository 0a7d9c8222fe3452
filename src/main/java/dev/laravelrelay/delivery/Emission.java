package dev.laravelrelay.delivery;

import java.util.List;

/** How an emit ended. */
public sealed interface Emission {

  /**
   * The relay took the event.
   *
   * @param sessions the sum over all recipients, as {@code confirmed}
   * @param recipients each user that was named; empty where the target names none or one
   * @param heldUntil epoch milliseconds until which it is kept; 0 if it is not
   * @param duplicate whether this is the answer to an earlier emit of the same id
   */
  record Accepted(
      String id,
      Verdict verdict,
      int sessions,
      int confirmed,
      List<Recipient> recipients,
      long heldUntil,
      boolean duplicate)
      implements Emission {

    Accepted asDuplicate() {
      return new Accepted(id, verdict, sessions, confirmed, recipients, heldUntil, true);
    }
  }

  /** The idempotency key was used within five minutes for another event. Nothing was done. */
  record Conflict(String id) implements Emission {}

  /** The emit announces a call whose id is that of other parties' call. Nothing was done. */
  record CallTaken(String id) implements Emission {}

  /** The backplane could not take it. Nothing is lost: the same id may be sent again. */
  record Unavailable(String id, int retryAfterSeconds) implements Emission {}

  /**
   * Too many emits await a receipt, or too much is to be delivered already. Nothing was done: the
   * same id may be sent again.
   */
  record Busy(String id, int retryAfterSeconds) implements Emission {}
}
