package dev.laravelrelay.socket;

import dev.laravelrelay.protocol.CloseReason;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Hands what a WebSocket reads to its Engine.IO connection, on that connection's loop: after an
 * upgrade it may be another one than the channel's.
 */
final class EngineSocket implements WebSocketChannel.Listener {

  private @Nullable NettyConnection connection;
  private @Nullable WebSocketChannel channel;

  void attach(NettyConnection owner, WebSocketChannel own) {
    connection = owner;
    channel = own;
  }

  @Override
  public void text(String message) {
    NettyConnection owner = owner();
    WebSocketChannel own = own();
    owner.onLoop(() -> owner.text(own, message));
  }

  @Override
  public void binary(byte[] message) {
    NettyConnection owner = owner();
    WebSocketChannel own = own();
    owner.onLoop(() -> owner.binary(own, message));
  }

  /** The relay sends no ping frames under Engine.IO: it has pings of its own. */
  @Override
  public void pong(byte[] payload) {}

  @Override
  public void closed(CloseReason reason) {
    NettyConnection owner = owner();
    WebSocketChannel own = own();
    owner.onLoop(() -> owner.gone(own, reason));
  }

  private NettyConnection owner() {
    return Objects.requireNonNull(connection);
  }

  private WebSocketChannel own() {
    return Objects.requireNonNull(channel);
  }
}
