package dev.laravelrelay.delivery;

import java.util.Locale;

/** What became of an emit, best first. */
public enum Verdict {
  /** At least one of the user's clients proved within the awaited time that it has the event. */
  CONFIRMED,
  /** Written to at least one open session. */
  SENT,
  /** Kept: no session is open, or the awaited receipt did not come. */
  HELD,
  /** No session is open, and it is not kept. */
  OFFLINE;

  private final String lowerCase = name().toLowerCase(Locale.ROOT);

  /** Whether a client has it, as far as is known. */
  public boolean delivered() {
    return this == CONFIRMED || this == SENT;
  }

  /** The name in replies and metrics. */
  public String lowerCase() {
    return lowerCase;
  }
}
