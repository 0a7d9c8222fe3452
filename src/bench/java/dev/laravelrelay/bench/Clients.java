package dev.laravelrelay.bench;

import java.io.IOException;
import java.net.InetSocketAddress;

/** A kind of client: a WebSocket, or polling. */
@FunctionalInterface
interface Clients {

  /** One client. Used on the reactor's thread only. */
  interface Client {
    void close() throws IOException;

    /** Whether it reads what comes. */
    void listen(boolean reads);
  }

  /** Starts connecting one; the phones are told when the server has let it in. */
  Client connect(Phones phones, InetSocketAddress from, InetSocketAddress to, String token)
      throws IOException;
}
