package dev.laravelrelay.call;

import dev.laravelrelay.call.Call.State;
import org.jspecify.annotations.Nullable;

/** What a party of a call may say. */
public enum CallSignal {
  ACCEPT("call:accept", State.ACCEPTED, "Call accepted"),
  REJECT("call:reject", State.REJECTED, "User declined"),
  CANCEL("call:cancel", State.CANCELLED, "Caller cancelled"),
  END("call:end", State.ENDED, "Call ended");

  private final String event;
  private final State leadsTo;
  private final String reason;

  CallSignal(String event, State leadsTo, String reason) {
    this.event = event;
    this.leadsTo = leadsTo;
    this.reason = reason;
  }

  /** The signal that a client's event is; null if it is none. */
  public static @Nullable CallSignal of(String event) {
    return switch (event) {
      case "call:accept" -> ACCEPT;
      case "call:reject" -> REJECT;
      case "call:cancel" -> CANCEL;
      case "call:end" -> END;
      default -> null;
    };
  }

  /** The event by which a party says it. */
  public String event() {
    return event;
  }

  /** The state of a call to which it was said. */
  public State leadsTo() {
    return leadsTo;
  }

  /** The event by which the other party hears it. */
  public String heardAs() {
    return "call:" + leadsTo.lowerCase();
  }

  /** The reason where the party gave none. */
  public String reason() {
    return reason;
  }
}
