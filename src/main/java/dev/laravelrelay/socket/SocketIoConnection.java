package dev.laravelrelay.socket;

import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.protocol.Frame;
import dev.laravelrelay.protocol.SocketIo;
import dev.laravelrelay.socket.SocketIoApplication.Admission;
import io.netty.util.Timeout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Socket.IO on one Engine.IO connection: namespaces, events and acknowledgements. What breaks the
 * protocol ends the connection. Used on the connection's loop only.
 *
 * @see <a href="https://socket.io/docs/v4/socket-io-protocol/">Socket.IO protocol, revision 5</a>
 */
final class SocketIoConnection implements EngineApplication.Listener {

  private static final Logger log = LoggerFactory.getLogger(SocketIoConnection.class);

  /** How many CONNECTs one after the other may lead nowhere: each may be a question to Laravel. */
  static final int MAX_VAIN_CONNECTS = 10;

  private final SocketIoApplication application;
  private final NettyConnection connection;
  private final Handshake handshake;
  private final SocketIo.Decoder decoder;
  private List<SocketIoSocket> sockets = List.of();
  private @Nullable Timeout connectTimeout;
  private int vainConnects;

  SocketIoConnection(
      SocketIoApplication application,
      NettyConnection connection,
      Handshake handshake,
      EngineServer.Settings settings) {
    this.application = application;
    this.connection = connection;
    this.handshake = handshake;
    this.decoder = new SocketIo.Decoder(settings.maxMessageBytes());
    this.connectTimeout =
        connection.after(settings.connectTimeout().toMillis(), this::closeUnlessJoined);
  }

  NettyConnection connection() {
    return connection;
  }

  Handshake handshake() {
    return handshake;
  }

  @Override
  public void text(String message) {
    handle(decoder.text(message));
  }

  @Override
  public void binary(byte[] message) {
    handle(decoder.binary(message));
  }

  private void handle(SocketIo.Decoded decoded) {
    switch (decoded) {
      case SocketIo.Decoded.Complete(SocketIo.Packet packet) -> handle(packet);
      case SocketIo.Decoded.Malformed(String reason) -> breach(reason);
      case SocketIo.Decoded.Incomplete _, SocketIo.Decoded.Ignored _ -> {}
    }
  }

  private void handle(SocketIo.Packet packet) {
    switch (packet) {
      case SocketIo.Connect connect -> connect(connect);
      case SocketIo.Disconnect(String namespace) -> {
        SocketIoSocket socket = find(namespace);
        if (socket != null) {
          left(socket, CloseReason.CLIENT_DISCONNECTED.text());
        }
      }
      case SocketIo.Event event -> {
        SocketIoSocket socket = joined(event.namespace());
        if (socket != null) {
          socket.event(event);
        }
      }
      case SocketIo.Ack ack -> {
        SocketIoSocket socket = joined(ack.namespace());
        if (socket != null) {
          socket.ack(ack);
        }
      }
    }
  }

  // --- joining

  private void connect(SocketIo.Connect connect) {
    if (find(connect.namespace()) != null) {
      breach("second CONNECT");
      return;
    }
    if (vainConnects == MAX_VAIN_CONNECTS) {
      connection.server().metrics().connectRefused("too many attempts");
      breach("too many CONNECTs");
      return;
    }
    vainConnects++;
    SocketIoSocket socket = new SocketIoSocket(this, connect.namespace());
    List<SocketIoSocket> more = new ArrayList<>(sockets);
    more.add(socket);
    sockets = List.copyOf(more);
    CompletionStage<Admission> admission =
        application.connect(
            new SocketIoApplication.Request(connect.namespace(), connect.auth(), handshake));
    admission.whenComplete(
        (answer, failure) -> connection.onLoop(() -> answer(socket, answer, failure)));
  }

  private void answer(
      SocketIoSocket socket, @Nullable Admission admission, @Nullable Throwable failure) {
    if (!sockets.contains(socket)) {
      return;
    }
    if (admission == null) {
      log.error(
          "admitting a client failed",
          failure instanceof CompletionException wrapped ? wrapped.getCause() : failure);
      connection.close(CloseReason.TRY_LATER);
      return;
    }
    switch (admission) {
      case Admission.Admitted admitted -> {
        send(SocketIo.connected(socket.namespace(), admitted.sid(), admitted.pid()));
        cancelConnectTimeout();
        vainConnects = 0;
        if (!connection.isClosed()) {
          open(socket, admitted);
        }
      }
      case Admission.Refused(String message, var data) -> {
        forget(socket);
        send(SocketIo.connectError(socket.namespace(), message, data));
      }
      case Admission.TryLater(String reason) -> {
        log.debug("a client must try again later: {}", reason);
        connection.close(CloseReason.TRY_LATER);
      }
    }
  }

  /** A client that was told that it is connected, and is not, must come again. */
  private void open(SocketIoSocket socket, Admission.Admitted admitted) {
    try {
      socket.open(admitted);
    } catch (RuntimeException e) {
      log.error("opening a session failed", e);
      connection.close(CloseReason.TRY_LATER);
    }
  }

  private void closeUnlessJoined() {
    if (sockets.stream().noneMatch(SocketIoSocket::isOpen)) {
      connection.close(CloseReason.CONNECT_TIMEOUT);
    }
  }

  private void cancelConnectTimeout() {
    if (connectTimeout != null) {
      connectTimeout.cancel();
      connectTimeout = null;
    }
  }

  // --- leaving

  /** The socket is no longer in its namespace; the connection stays. */
  void left(SocketIoSocket socket, String reason) {
    forget(socket);
    socket.disconnected(reason);
  }

  private void forget(SocketIoSocket socket) {
    sockets = sockets.stream().filter(other -> other != socket).toList();
  }

  private void breach(String reason) {
    log.debug("a client broke the protocol: {}", reason);
    connection.close(CloseReason.PARSE_ERROR);
  }

  @Override
  public @Nullable Frame farewell(CloseReason reason) {
    return reason.clientMayRetry() ? null : SocketIo.disconnect(SocketIo.MAIN_NAMESPACE);
  }

  @Override
  public void closed(CloseReason reason) {
    cancelConnectTimeout();
    List<SocketIoSocket> left = sockets;
    sockets = List.of();
    left.forEach(socket -> socket.disconnected(reason.text()));
  }

  private @Nullable SocketIoSocket find(String namespace) {
    for (SocketIoSocket socket : sockets) {
      if (socket.namespace().equals(namespace)) {
        return socket;
      }
    }
    return null;
  }

  /** The socket that may speak in the namespace; without one the connection ends. */
  private @Nullable SocketIoSocket joined(String namespace) {
    SocketIoSocket socket = find(namespace);
    if (socket == null || !socket.isOpen()) {
      breach("not in namespace");
      return null;
    }
    return socket;
  }

  private void send(Frame frame) {
    connection.outbox().offer(frame);
  }
}
