package dev.laravelrelay.socket;

import dev.laravelrelay.protocol.PlainJson;
import java.util.concurrent.CompletionStage;

/** What is mounted on plain JSON over WebSocket. */
@FunctionalInterface
public interface PlainApplication {

  /** A client has connected. On its loop; must not block. */
  CompletionStage<Admission> connect(Handshake handshake);

  /** Whether the client may stay. */
  sealed interface Admission {

    /** Welcome. */
    record Admitted(Opening application) implements Admission {}

    /** It is told why and closed; it should not come back with the same token. */
    record Refused(String message, String reason) implements Admission {}

    /** It is closed and may come back. */
    record TryLater(String reason) implements Admission {}
  }

  /** Takes an admitted client. */
  @FunctionalInterface
  interface Opening {

    /** On the connection's loop. */
    Listener open(PlainConnection connection);
  }

  /** What an application is told of one client, on its connection's loop. */
  interface Listener {

    /** A message of the client's; pings are answered already. */
    void message(PlainJson.Message message);

    /** Last of all, exactly once; the reason in words. */
    void disconnected(String reason);
  }
}
