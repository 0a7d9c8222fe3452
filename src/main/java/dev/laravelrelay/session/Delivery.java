package dev.laravelrelay.session;

import dev.laravelrelay.protocol.Frame;
import org.jspecify.annotations.Nullable;

/**
 * One event as a session is to send it. Shared by the sessions that speak the same protocol.
 *
 * @param eventId identifies repeats
 * @param receipt told when a client proves that it has the frame; null if nobody asks
 */
public record Delivery(String eventId, Frame frame, @Nullable Receipt receipt) {

  /** As it is, but with a receipt. */
  public Delivery with(Receipt wanted) {
    return new Delivery(eventId, frame, wanted);
  }
}
