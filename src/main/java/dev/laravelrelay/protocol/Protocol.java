package dev.laravelrelay.protocol;

/** The languages that clients speak; an event is encoded once in each that is needed. */
public enum Protocol {
  SOCKET_IO,
  PLAIN_JSON
}
