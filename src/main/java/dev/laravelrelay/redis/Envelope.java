package dev.laravelrelay.redis;

import dev.laravelrelay.event.Event;

/**
 * An event on its way from one node to others.
 *
 * @param origin the node that published it
 * @param publication the number under which the origin waits for reports; 0 if it does not
 * @param repeated whether it comes on several channels
 */
record Envelope(String origin, long publication, boolean repeated, Event event) {

  /** What goes before the event's bytes. */
  static byte[] head(String origin, long publication, boolean repeated) {
    return new ByteWriter(32).text(origin).number(publication).number(repeated ? 1 : 0).toBytes();
  }

  /**
   * Reads one.
   *
   * @param user as {@link EventBytes#read}
   * @throws RuntimeException if it is none
   */
  static Envelope read(byte[] message, String user) {
    ByteReader in = new ByteReader(message);
    return new Envelope(in.text(), in.number(), in.number() != 0, EventBytes.read(in, user));
  }
}
