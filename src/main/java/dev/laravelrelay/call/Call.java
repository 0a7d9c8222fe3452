package dev.laravelrelay.call;

import dev.laravelrelay.event.CallTerms;
import java.time.Duration;
import java.util.Locale;

/**
 * A call between two users. Immutable; {@link #after} is the whole state machine, and every
 * directory decides by it.
 *
 * @param expiresAt epoch milliseconds from which on it is not known any more
 */
public record Call(String id, String caller, String receiver, State state, long expiresAt) {

  /** For how long an accepted call is known, so that it can be ended. */
  static final Duration TALK = Duration.ofHours(24);

  /** For how long a call that is over is known, so that a late signal hears so. */
  static final Duration AFTERMATH = Duration.ofMinutes(10);

  /** How far a call has come. */
  public enum State {
    RINGING,
    ACCEPTED,
    REJECTED,
    CANCELLED,
    ENDED;

    /** Whether nothing can follow. */
    public boolean isOver() {
      return this != RINGING && this != ACCEPTED;
    }

    /** The name in replies, events and webhooks. */
    public String lowerCase() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A call that begins to ring now. */
  public static Call ringing(CallTerms terms, long now) {
    return new Call(
        terms.id(),
        terms.caller(),
        terms.receiver(),
        State.RINGING,
        now + terms.ttlSeconds() * 1000L);
  }

  /** Whether this user is one of its two. */
  public boolean hasParty(String user) {
    return user.equals(caller) || user.equals(receiver);
  }

  /** The party that this one talks with. */
  public String other(String party) {
    return party.equals(caller) ? receiver : caller;
  }

  /** Whether it is a call of the same two, in the same direction. */
  public boolean isOf(CallTerms terms) {
    return caller.equals(terms.caller()) && receiver.equals(terms.receiver());
  }

  /**
   * What a user's signal makes of it. Only the receiver accepts and rejects, only the caller
   * cancels, while it rings; either ends it, once.
   */
  public Signalled after(CallSignal signal, String user, long now) {
    if (!hasParty(user)) {
      return new Signalled.Refused("not_party", "You are not a party of this call.");
    }
    boolean may =
        switch (signal) {
          case ACCEPT, REJECT -> user.equals(receiver);
          case CANCEL -> user.equals(caller);
          case END -> true;
        };
    if (!may) {
      String who = signal == CallSignal.CANCEL ? "caller" : "receiver";
      return new Signalled.Refused(
          "not_allowed", "Only the %s may send %s.".formatted(who, signal.event()));
    }
    boolean inTime =
        state == State.RINGING || (state == State.ACCEPTED && signal == CallSignal.END);
    if (!inTime) {
      return new Signalled.Refused(
          "already_" + state.lowerCase(), "The call is already " + state.lowerCase() + ".");
    }
    State next = signal.leadsTo();
    long until =
        next.isOver()
            ? Math.min(expiresAt, now + AFTERMATH.toMillis())
            : Math.max(expiresAt, now + TALK.toMillis());
    return new Signalled.Moved(new Call(id, caller, receiver, next, until));
  }
}
