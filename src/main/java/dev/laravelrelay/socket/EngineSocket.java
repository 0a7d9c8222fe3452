package dev.laravelrelay.socket;

import dev.laravelrelay.protocol.CloseReason;
import io.netty.channel.EventLoop;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands what a WebSocket reads to its Engine.IO connection, on that connection's loop: after an
 * upgrade it may be another one than the channel's.
 */
final class EngineSocket implements WebSocketChannel.Listener {

  private static final Logger log = LoggerFactory.getLogger(EngineSocket.class);

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
    onLoop(owner, () -> owner.text(own, message));
  }

  @Override
  public void binary(byte[] message) {
    NettyConnection owner = owner();
    WebSocketChannel own = own();
    onLoop(owner, () -> owner.binary(own, message));
  }

  /** The relay sends no ping frames under Engine.IO: it has pings of its own. */
  @Override
  public void pong(byte[] payload) {}

  @Override
  public void closed(CloseReason reason) {
    NettyConnection owner = owner();
    WebSocketChannel own = own();
    onLoop(owner, () -> owner.gone(own, reason));
  }

  private NettyConnection owner() {
    return Objects.requireNonNull(connection);
  }

  private WebSocketChannel own() {
    return Objects.requireNonNull(channel);
  }

  private static void onLoop(NettyConnection owner, Runnable task) {
    EventLoop loop = (EventLoop) owner.loop();
    if (loop.inEventLoop()) {
      task.run();
      return;
    }
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      // The server is closing, and the connection's loop is over before the channel's.
      log.debug("dropped what came behind the end", e);
    }
  }
}
