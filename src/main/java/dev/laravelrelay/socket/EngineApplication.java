package dev.laravelrelay.socket;

import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.protocol.Frame;
import org.jspecify.annotations.Nullable;

/** What is mounted on an Engine.IO path. */
@FunctionalInterface
public interface EngineApplication {

  /** A client has opened a connection. On its loop, before anything is read from it. */
  Listener open(NettyConnection connection, Handshake handshake);

  /** What an application is told of one connection, on the connection's loop. */
  interface Listener {

    /** A text message, without the Engine.IO type. */
    void text(String message);

    /** A binary message. */
    void binary(byte[] message);

    /** The last frame to send before the connection ends for this reason; null for none. */
    default @Nullable Frame farewell(CloseReason reason) {
      return null;
    }

    /** Last of all, exactly once. */
    void closed(CloseReason reason);
  }
}
