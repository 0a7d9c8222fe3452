package dev.laravelrelay.socket;

import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.protocol.EngineIo;
import dev.laravelrelay.protocol.Frame;
import dev.laravelrelay.session.Outbox;
import io.netty.util.Timer;
import java.util.concurrent.TimeUnit;

/** Engine.IO over a WebSocket: one message a packet. */
final class WebSocketTransport implements Transport {

  /** How long a client that was told to go may take to close by itself. */
  private static final long PATIENCE_SECONDS = 2;

  private final WebSocketChannel channel;
  private final Timer timer;

  WebSocketTransport(WebSocketChannel channel, Timer timer) {
    this.channel = channel;
    this.timer = timer;
  }

  boolean isOn(WebSocketChannel other) {
    return channel == other;
  }

  @Override
  public String name() {
    return "websocket";
  }

  @Override
  public boolean write(Frame frame) {
    channel.write(frame);
    return true;
  }

  @Override
  public void flush(Outbox outbox) {
    outbox.drainTo(channel::write);
    channel.flush();
  }

  @Override
  public long unwrittenBytes() {
    return channel.unwrittenBytes();
  }

  /**
   * Never with a close frame: the Android client would not notice it until its ping times out.
   *
   * <p>An invalid packet makes every stock client close by itself and reconnect, and loses nothing
   * that was sent before it; a drained client gets that. The others are dropped.
   */
  @Override
  public void close(CloseReason reason, Outbox outbox) {
    switch (reason) {
      case SLOW_CLIENT, PING_TIMEOUT -> channel.abort();
      case DRAINING -> {
        outbox.drainTo(channel::write);
        channel.write(EngineIo.INVALID);
        channel.flush();
        timer.newTimeout(timeout -> channel.drop(), PATIENCE_SECONDS, TimeUnit.SECONDS);
      }
      default -> {
        outbox.drainTo(channel::write);
        channel.drop();
      }
    }
  }
}
