package dev.laravelrelay.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * One message to a client, encoded: a text or a binary WebSocket message, or one Engine.IO packet
 * of a polling payload. Immutable and shared: a fan-out to 10,000 sessions holds one Frame.
 *
 * <p>The bytes on a WebSocket are those of RFC 6455 section 5.2, from server to client: one
 * unfragmented, unmasked frame.
 */
public final class Frame {

  private static final int TEXT = 0x81;
  private static final int BINARY = 0x82;

  private final byte[] wire;
  private final int headerLength;

  private Frame(int opcode, byte[] payload) {
    this.headerLength = payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10;
    ByteBuffer buffer = ByteBuffer.allocate(headerLength + payload.length).put((byte) opcode);
    switch (headerLength) {
      case 2 -> buffer.put((byte) payload.length);
      case 4 -> buffer.put((byte) 126).putShort((short) payload.length);
      default -> buffer.put((byte) 127).putLong(payload.length);
    }
    this.wire = buffer.put(payload).array();
  }

  /** A text message of these UTF-8 bytes. */
  public static Frame text(byte[] utf8) {
    return new Frame(TEXT, utf8);
  }

  /** A text message. */
  public static Frame text(String text) {
    return text(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A binary message. */
  public static Frame binary(byte[] bytes) {
    return new Frame(BINARY, bytes);
  }

  /** Whether it is a binary message: on polling it is sent as {@code b} and base64. */
  public boolean isBinary() {
    return (wire[0] & 0xFF) == BINARY;
  }

  /** What it costs an outbox: its bytes on a WebSocket. */
  public int size() {
    return wire.length;
  }

  /** The bytes on a WebSocket, header included. Not a copy: must not be written to. */
  public byte[] wire() {
    return wire;
  }

  /** The message without the WebSocket header; read-only. */
  public ByteBuffer payload() {
    return ByteBuffer.wrap(wire, headerLength, wire.length - headerLength)
        .slice()
        .asReadOnlyBuffer();
  }

  /** The message as text; meaningful for a text message only. */
  public String text() {
    return new String(wire, headerLength, wire.length - headerLength, StandardCharsets.UTF_8);
  }

  @Override
  public String toString() {
    return (isBinary() ? "binary" : "text") + "[" + (wire.length - headerLength) + "]";
  }
}
