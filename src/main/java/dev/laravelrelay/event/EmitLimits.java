package dev.laravelrelay.event;

/** What one emit may ask for. {@code openapi.yaml} states the same numbers. */
public final class EmitLimits {

  /** UTF-16 characters of a user id, channel, socket id, collapse key or idempotency key. */
  public static final int MAX_TEXT = 200;

  /** Users of one emit, counted as given. */
  public static final int MAX_USERS = 1_000;

  /** Channels of one emit, counted as given. */
  public static final int MAX_CHANNELS = 100;

  /** Seconds. */
  public static final int MAX_HOLD = 86_400;

  /** Milliseconds. */
  public static final int MAX_CONFIRM = 10_000;

  /** Objects and arrays within each other in {@code data}. */
  public static final int MAX_DEPTH = 64;

  /** Emits of one batch. */
  public static final int MAX_BATCH = 1_000;

  /** Fields that one refusal names; further problems are not listed. */
  public static final int MAX_PROBLEMS = 100;

  private EmitLimits() {}
}
