package dev.laravelrelay.delivery;

/**
 * What became of an event for one user.
 *
 * @param sessions how many open sessions it was written to
 * @param confirmed how many of them had given a receipt when the verdict was made
 * @param heldUntil epoch milliseconds until which it is kept; 0 if it is not
 */
public record Recipient(
    String user, Verdict verdict, int sessions, int confirmed, long heldUntil) {}
