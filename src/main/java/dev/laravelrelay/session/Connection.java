package dev.laravelrelay.session;

import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.protocol.Frame;
import java.util.concurrent.Executor;

/**
 * The transport under a session, as the session sees it. Everything but {@link #loop} and {@link
 * #close} is called on the connection's loop only, never blocks, and does nothing once the
 * connection is closed.
 */
public interface Connection {

  /** The one thread that owns this connection. Tasks run in the order in which they were given. */
  Executor loop();

  /**
   * Writes the frame if the transport can take one now; otherwise returns false, and drains the
   * outbox itself as soon as it can. A WebSocket always can; polling only while a poll waits.
   */
  boolean write(Frame frame);

  /** Bytes that were written but have not left the process. */
  long unwrittenBytes();

  /**
   * Sends a heartbeat that the client's library answers by itself, behind every frame sent before
   * it. The answer is given to the session's {@link Heartbeat}.
   */
  void ping();

  /**
   * Ends the connection in the way that the reason demands. From any thread; the first one wins.
   */
  void close(CloseReason reason);
}
