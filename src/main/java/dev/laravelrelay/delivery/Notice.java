package dev.laravelrelay.delivery;

import dev.laravelrelay.event.EventIds;
import dev.laravelrelay.event.RawJson;
import java.util.Locale;

/**
 * One fact for Laravel.
 *
 * @param id unique; identifies repeats
 * @param lane notices of one lane arrive in the order in which they were given
 * @param occurredAt epoch milliseconds
 * @param data an object
 */
public record Notice(String id, Kind kind, String lane, long occurredAt, RawJson data) {

  /** What a fact is about. */
  public enum Kind {
    /** A call moved. */
    CALL,
    /** A client emitted an event that Laravel wants to hear. */
    CLIENT_EVENT,
    /** A user has a session again. */
    USER_ONLINE,
    /** A user has had no session for the grace time. */
    USER_OFFLINE,
    /** The hold of an event ended without a receipt. */
    EVENT_EXPIRED;

    /** The name in requests and metrics. */
    public String lowerCase() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A fact about a user. */
  public static Notice ofUser(Kind kind, String user, long occurredAt, RawJson data) {
    return new Notice(EventIds.next(), kind, "user:" + user, occurredAt, data);
  }

  /** A fact about a call. */
  public static Notice ofCall(String callId, long occurredAt, RawJson data) {
    return new Notice(EventIds.next(), Kind.CALL, "call:" + callId, occurredAt, data);
  }
}
