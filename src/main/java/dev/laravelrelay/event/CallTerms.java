package dev.laravelrelay.event;

/**
 * A call between two users, as Laravel announces it.
 *
 * @param id what the apps and Laravel call it: 667 and "667" are one
 * @param ttlSeconds how long it may ring; see {@link #MAX_TTL}
 */
public record CallTerms(String id, String caller, String receiver, int ttlSeconds) {

  /** Seconds. */
  public static final int MAX_TTL = 86_400;

  /** Seconds, where none are given. */
  public static final int DEFAULT_TTL = 120;
}
