package dev.laravelrelay.e2e.conformance;

import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.protocol.Frame;
import dev.laravelrelay.socket.EngineApplication;
import dev.laravelrelay.socket.Handshake;
import dev.laravelrelay.socket.NettyConnection;

/** Sends every message of a raw Engine.IO client back to it. */
final class EngineEcho implements EngineApplication.Listener {

  private final NettyConnection connection;

  EngineEcho(NettyConnection connection, Handshake handshake) {
    this.connection = connection;
  }

  @Override
  public void text(String message) {
    connection.outbox().offer(Frame.text("4" + message));
  }

  @Override
  public void binary(byte[] message) {
    connection.outbox().offer(Frame.binary(message));
  }

  @Override
  public void closed(CloseReason reason) {}
}
