package dev.laravelrelay.redis;

/** What a node may listen to. */
sealed interface Topic {

  /** Events for a user who has an open session here. */
  record User(String id) implements Topic {}

  /** The same for a user whose only sessions here are suspended: they do not count as reached. */
  record Suspended(String id) implements Topic {}

  /** Events for a channel that has a member here. */
  record Channel(String name) implements Topic {}

  /** What other nodes tell this one. */
  record Node(String id) implements Topic {}

  /** Events for everyone, and for sockets that may be anywhere. */
  record Everyone() implements Topic {}
}
