package dev.laravelrelay.socket;

import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.protocol.SocketIo;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What is mounted on Socket.IO: decides who joins a namespace, and hears what he says there. */
@FunctionalInterface
public interface SocketIoApplication {

  /** A client wants to join a namespace. On the connection's loop; must not block. */
  CompletionStage<Admission> connect(Request request);

  /**
   * A CONNECT packet.
   *
   * @param auth its payload, an object; null if it had none
   */
  record Request(String namespace, @Nullable RawJson auth, Handshake handshake) {}

  /** The answer to a {@link Request}. */
  sealed interface Admission {

    /**
     * Welcome.
     *
     * @param sid the socket id that the client is told
     * @param pid the secret with which a client may resume; null if it cannot
     * @param application takes the socket, right behind the CONNECT answer
     */
    record Admitted(String sid, @Nullable String pid, Opening application) implements Admission {}

    /** CONNECT_ERROR: a stock client stays away until its app connects anew. */
    record Refused(String message, @Nullable RawJson data) implements Admission {}

    /** The connection is dropped: a stock client tries again by itself. */
    record TryLater(String reason) implements Admission {}
  }

  /** Takes an admitted socket. */
  @FunctionalInterface
  interface Opening {

    /** On the connection's loop; what it sends follows the CONNECT answer. */
    Listener open(SocketIoSocket socket);
  }

  /** What an application is told of one socket, on its connection's loop. */
  interface Listener {

    /** Of a socket that was closed at once. */
    Listener DEAF =
        new Listener() {
          @Override
          public void event(SocketIo.Event event, Acknowledgement acknowledgement) {}

          @Override
          public void disconnected(String reason) {}
        };

    /** The client emitted an event. */
    void event(SocketIo.Event event, Acknowledgement acknowledgement);

    /** Last of all, exactly once; the reason in Socket.IO's words. */
    void disconnected(String reason);
  }

  /** The way to answer an event; on the connection's loop. */
  interface Acknowledgement {

    /** Whether the client asked for one. */
    boolean isWanted();

    /** Sends the acknowledgement, the first time it is called and if it is wanted. */
    void send(List<RawJson> args, List<byte[]> attachments);

    /** Sends an acknowledgement of one JSON value. */
    default void send(RawJson value) {
      send(List.of(value), List.of());
    }
  }
}
