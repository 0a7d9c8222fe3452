package dev.laravelrelay.delivery;

import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.protocol.Frame;
import dev.laravelrelay.protocol.PlainJson;
import dev.laravelrelay.protocol.Protocol;
import dev.laravelrelay.protocol.SocketIo;
import dev.laravelrelay.session.Delivery;
import dev.laravelrelay.session.Receipt;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An event in the languages of the sessions that get it, encoded once in each. Used by one thread.
 */
final class EncodedEvent {

  private final Event event;
  private final Function<String, Receipt> receipts;
  private final Map<Protocol, Frame> frames = new EnumMap<>(Protocol.class);
  private long newBytes;

  /**
   * Not encoded yet.
   *
   * @param receipts what the clients of a user are to give
   */
  EncodedEvent(Event event, Function<String, Receipt> receipts) {
    this.event = event;
    this.receipts = receipts;
  }

  /** What a client of the user is to give; null if nobody asks. */
  @Nullable Receipt receipt(String user) {
    return event.terms().wantsReceipt() ? receipts.apply(user) : null;
  }

  /** The event for a session that speaks the protocol. */
  Delivery in(Protocol protocol, @Nullable Receipt receipt) {
    return new Delivery(event.id(), frames.computeIfAbsent(protocol, this::encode), receipt);
  }

  Target target() {
    return event.target();
  }

  /** The bytes of the frames that were made since this was asked last. */
  long newBytes() {
    long bytes = newBytes;
    newBytes = 0;
    return bytes;
  }

  private Frame encode(Protocol protocol) {
    Frame frame = frame(protocol);
    newBytes += frame.size();
    return frame;
  }

  private Frame frame(Protocol protocol) {
    return switch (protocol) {
      case SOCKET_IO -> SocketIo.event("/", event.name(), event.data());
      case SOCKET_IO_RESUMABLE ->
          SocketIo.eventWithOffset("/", event.name(), event.data(), event.id());
      case PLAIN_JSON -> PlainJson.event(event.id(), event.name(), event.data());
    };
  }
}
