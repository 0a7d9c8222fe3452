package dev.laravelrelay.socket;

import dev.laravelrelay.protocol.EngineIo;

/**
 * A WebSocket that offers to take over from polling: it is probed, and then told to. Used on the
 * connection's loop only.
 *
 * @see <a href="https://socket.io/docs/v4/engine-io-protocol/#upgrade">Engine.IO upgrade</a>
 */
final class Upgrade {

  private static final String PROBE = EngineIo.PacketType.PING.digit() + "probe";
  private static final String TAKE_OVER = String.valueOf(EngineIo.PacketType.UPGRADE.digit());

  /** What a message of the client's came to. */
  enum Step {
    PROBED,
    TAKEN_OVER,
    FAILED
  }

  private final WebSocketChannel channel;
  private boolean probed;

  Upgrade(WebSocketChannel channel) {
    this.channel = channel;
  }

  WebSocketChannel channel() {
    return channel;
  }

  boolean isOn(WebSocketChannel other) {
    return channel == other;
  }

  /** Whether the client waits for its poll to be answered, to go on to the WebSocket. */
  boolean isProbed() {
    return probed;
  }

  /** A message of the client's; the probe is answered. */
  Step read(String message) {
    if (!probed && message.equals(PROBE)) {
      probed = true;
      channel.write(EngineIo.PONG_PROBE);
      channel.flush();
      return Step.PROBED;
    }
    return probed && message.equals(TAKE_OVER) ? Step.TAKEN_OVER : Step.FAILED;
  }
}
