package dev.laravelrelay.socket;

import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.protocol.Frame;
import dev.laravelrelay.protocol.SocketIo;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One client in one Socket.IO namespace. Used on its connection's loop only. */
public final class SocketIoSocket {

  /** How many acknowledgements may be awaited of one client. */
  static final int MAX_AWAITED_ACKS = 1_000;

  private final SocketIoConnection layer;
  private final String namespace;
  private String id = "";
  private SocketIoApplication.@Nullable Listener listener;
  private @Nullable Map<Long, Consumer<SocketIo.Ack>> awaitedAcks;
  private long nextAckId;

  SocketIoSocket(SocketIoConnection layer, String namespace) {
    this.layer = layer;
    this.namespace = namespace;
  }

  void open(SocketIoApplication.Admission.Admitted admitted) {
    id = admitted.sid();
    listener = admitted.application().open(this);
  }

  /** Whether the client has been admitted. */
  boolean isOpen() {
    return listener != null;
  }

  /** The id that the client knows. */
  public String id() {
    return id;
  }

  public String namespace() {
    return namespace;
  }

  /** What the client's first request said. */
  public Handshake handshake() {
    return layer.handshake();
  }

  /** The connection under it, which other namespaces may share. */
  public NettyConnection connection() {
    return layer.connection();
  }

  /** Emits an event; placeholders in the arguments stand for the attachments. */
  public void emit(String name, List<RawJson> args, List<byte[]> attachments) {
    send(SocketIo.event(namespace, SocketIo.NO_ACK, name, args, attachments));
  }

  /** Emits an event and gives the client's acknowledgement to the consumer. */
  public void emit(
      String name, List<RawJson> args, List<byte[]> attachments, Consumer<SocketIo.Ack> onAck) {
    if (awaitedAcks == null) {
      awaitedAcks = new HashMap<>(2);
    }
    if (awaitedAcks.size() >= MAX_AWAITED_ACKS) {
      connection().close(CloseReason.SLOW_CLIENT);
      return;
    }
    long ackId = nextAckId++;
    awaitedAcks.put(ackId, onAck);
    send(SocketIo.event(namespace, ackId, name, args, attachments));
  }

  /** Sends DISCONNECT: the client does not come back by itself. */
  public void disconnect(boolean closeConnection) {
    send(List.of(SocketIo.disconnect(namespace)));
    layer.left(this, CloseReason.SERVER_DISCONNECTED.text());
    if (closeConnection) {
      connection().close(CloseReason.SERVER_CLOSED);
    }
  }

  void event(SocketIo.Event event) {
    if (listener != null) {
      listener.event(event, new Answer(event.ackId()));
    }
  }

  void ack(SocketIo.Ack ack) {
    Consumer<SocketIo.Ack> waiting = awaitedAcks == null ? null : awaitedAcks.remove(ack.ackId());
    if (waiting != null) {
      waiting.accept(ack);
    }
  }

  void disconnected(String reason) {
    if (listener != null) {
      SocketIoApplication.Listener told = listener;
      listener = null;
      told.disconnected(reason);
    }
  }

  private void send(List<Frame> frames) {
    frames.forEach(frame -> connection().outbox().offer(frame));
  }

  private final class Answer implements SocketIoApplication.Acknowledgement {

    private long ackId;

    Answer(long ackId) {
      this.ackId = ackId;
    }

    @Override
    public boolean isWanted() {
      return ackId != SocketIo.NO_ACK;
    }

    @Override
    public void send(List<RawJson> args, List<byte[]> attachments) {
      if (isWanted() && isOpen()) {
        SocketIoSocket.this.send(SocketIo.ack(namespace, ackId, args, attachments));
        ackId = SocketIo.NO_ACK;
      }
    }
  }
}
