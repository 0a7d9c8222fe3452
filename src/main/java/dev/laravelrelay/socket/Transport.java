package dev.laravelrelay.socket;

import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.protocol.Frame;
import dev.laravelrelay.session.Outbox;

/** How an Engine.IO connection's packets travel. Used on the connection's loop only. */
interface Transport {

  /** The name in the query and in metrics. */
  String name();

  /** Writes without a flush; false if the frame must wait in the outbox. */
  boolean write(Frame frame);

  /** Sends what was written, and what waits in the outbox if that is possible now. */
  void flush(Outbox outbox);

  /** Bytes written that have not left the process. */
  long unwrittenBytes();

  /** Ends the transport as the reason demands, behind what is in the outbox. */
  void close(CloseReason reason, Outbox outbox);
}
