package dev.laravelrelay.event;

import org.jspecify.annotations.Nullable;

/**
 * How an event is to be delivered.
 *
 * @param holdSeconds how long it is kept for a user who is away or whose receipt is missing; 0: not
 *     at all
 * @param confirmMillis how long the emitter waits for a receipt before it answers; 0: not at all
 * @param collapseKey a newer event replaces held ones of the same key and user
 * @param except a socket id that is left out (Laravel's {@code toOthers()})
 */
public record Terms(
    int holdSeconds, int confirmMillis, @Nullable String collapseKey, @Nullable String except) {

  /** At most once, to everyone in the target, nothing awaited. */
  public static final Terms NONE = new Terms(0, 0, null, null);

  /** Whether a receipt is wanted from each session that gets the event. */
  public boolean wantsReceipt() {
    return holdSeconds > 0 || confirmMillis > 0;
  }
}
