package dev.laravelrelay.redis;

import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.event.Terms;

/**
 * An event as nodes hand it to each other and as it is kept: compact, with its data byte for byte.
 * An event for one user, or for one of several, does not name him: his key or channel does, so that
 * the same bytes serve all of them.
 */
final class EventBytes {

  private static final int VERSION = 1;

  private static final int THE_USER = 0;
  private static final int USER = 1;
  private static final int USERS = 2;
  private static final int CHANNELS = 3;
  private static final int SOCKET = 4;
  private static final int EVERYONE = 5;

  private EventBytes() {}

  /** The event, for the user in whose key or channel it is put. */
  static byte[] forTheUser(Event event) {
    ByteWriter out = head(event).number(THE_USER);
    return out.rest(event.data());
  }

  /** The event with its target. */
  static byte[] whole(Event event) {
    ByteWriter out = head(event);
    switch (event.target()) {
      case Target.User(String user) -> out.number(USER).text(user);
      case Target.Users(var users) -> out.number(USERS).texts(users);
      case Target.Channels(var channels) -> out.number(CHANNELS).texts(channels);
      case Target.Socket(String socket) -> out.number(SOCKET).text(socket);
      case Target.Everyone _ -> out.number(EVERYONE);
    }
    return out.rest(event.data());
  }

  /**
   * Reads an event; its data is a slice of what is read.
   *
   * @param user whose key or channel it was in; empty if it was nobody's
   * @throws RuntimeException if it is none
   */
  static Event read(ByteReader in, String user) {
    if (in.number() != VERSION) {
      throw new IllegalArgumentException("an event of another version");
    }
    String id = in.text();
    String name = in.text();
    long acceptedAt = in.number();
    int holdSeconds = (int) in.number();
    int confirmMillis = (int) in.number();
    Terms terms = new Terms(holdSeconds, confirmMillis, in.textOrNull(), in.textOrNull());
    int kind = (int) in.number();
    Target target =
        switch (kind) {
          case THE_USER -> new Target.User(user);
          case USER -> new Target.User(in.text());
          case USERS -> new Target.Users(in.texts());
          case CHANNELS -> new Target.Channels(in.texts());
          case SOCKET -> new Target.Socket(in.text());
          case EVERYONE -> new Target.Everyone();
          default -> throw new IllegalArgumentException("target " + kind);
        };
    RawJson data = in.rest();
    return new Event(id, name, data, target, terms, acceptedAt);
  }

  private static ByteWriter head(Event event) {
    Terms terms = event.terms();
    return new ByteWriter(64 + event.id().length() + event.name().length() + event.data().length())
        .number(VERSION)
        .text(event.id())
        .text(event.name())
        .number(event.acceptedAt())
        .number(terms.holdSeconds())
        .number(terms.confirmMillis())
        .textOrNull(terms.collapseKey())
        .textOrNull(terms.except());
  }
}
