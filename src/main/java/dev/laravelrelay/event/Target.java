package dev.laravelrelay.event;

import java.util.List;

/** To whom an event goes: exactly one of these. Ids of users are strings; 42 and "42" are one. */
public sealed interface Target {

  /** Every session of one user. */
  record User(String user) implements Target {}

  /** Every session of each of these users; no user twice. */
  record Users(List<String> users) implements Target {
    public Users {
      users = List.copyOf(users);
    }
  }

  /** Every session in at least one of these channels, once. */
  record Channels(List<String> channels) implements Target {
    public Channels {
      channels = List.copyOf(channels);
    }
  }

  /** The session with this socket id. */
  record Socket(String socket) implements Target {}

  /** Every session. */
  record Everyone() implements Target {}
}
