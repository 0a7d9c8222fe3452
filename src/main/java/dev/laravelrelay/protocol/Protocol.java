package dev.laravelrelay.protocol;

/** The languages that clients speak; an event is encoded once in each that is needed. */
public enum Protocol {
  SOCKET_IO,
  /** Socket.IO to a client that asked for offsets: the event's id is one more argument. */
  SOCKET_IO_RESUMABLE,
  PLAIN_JSON
}
