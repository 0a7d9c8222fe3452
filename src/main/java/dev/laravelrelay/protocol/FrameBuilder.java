package dev.laravelrelay.protocol;

import dev.laravelrelay.event.RawJson;

/** Writes a text frame's payload straight behind its WebSocket header: one array, one copy. */
final class FrameBuilder {

  private final byte[] wire;
  private int at;

  /**
   * @param length of the payload, in bytes: exactly what will be put
   */
  FrameBuilder(int length) {
    this.wire = Frame.wireFor(Frame.TEXT, length);
    this.at = wire.length - length;
  }

  FrameBuilder put(byte[] bytes) {
    System.arraycopy(bytes, 0, wire, at, bytes.length);
    at += bytes.length;
    return this;
  }

  FrameBuilder put(char ascii) {
    wire[at++] = (byte) ascii;
    return this;
  }

  FrameBuilder put(RawJson json) {
    at = json.copyTo(wire, at);
    return this;
  }

  Frame build() {
    if (at != wire.length) {
      throw new IllegalStateException("a frame of %d bytes ends at %d".formatted(wire.length, at));
    }
    return new Frame(wire);
  }
}
