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

  static final int TEXT = 0x81;
  private static final int BINARY = 0x82;

  private final byte[] wire;

  /** Of an array from {@link #wireFor}, filled; not copied. */
  Frame(byte[] wire) {
    this.wire = wire;
  }

  private Frame(int opcode, byte[] payload) {
    this.wire = wireFor(opcode, payload.length);
    System.arraycopy(payload, 0, wire, wire.length - payload.length, payload.length);
  }

  /** The array for a payload of that many bytes, with its header written. */
  static byte[] wireFor(int opcode, int length) {
    int headerLength = length < 126 ? 2 : length < 65_536 ? 4 : 10;
    ByteBuffer buffer = ByteBuffer.allocate(headerLength + length).put((byte) opcode);
    switch (headerLength) {
      case 2 -> buffer.put((byte) length);
      case 4 -> buffer.put((byte) 126).putShort((short) length);
      default -> buffer.put((byte) 127).putLong(length);
    }
    return buffer.array();
  }

  private int headerLength() {
    return switch (wire[1]) {
      case 126 -> 4;
      case 127 -> 10;
      default -> 2;
    };
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
    int header = headerLength();
    return ByteBuffer.wrap(wire, header, wire.length - header).slice().asReadOnlyBuffer();
  }

  /** The message as text; meaningful for a text message only. */
  public String text() {
    int header = headerLength();
    return new String(wire, header, wire.length - header, StandardCharsets.UTF_8);
  }

  @Override
  public String toString() {
    return (isBinary() ? "binary" : "text") + "[" + (wire.length - headerLength()) + "]";
  }
}
