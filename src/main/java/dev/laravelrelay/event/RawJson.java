package dev.laravelrelay.event;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One JSON value as the UTF-8 bytes in which it came, so that numbers, key order and escapes reach
 * the client unchanged. A slice: the backing array is shared with the request body and must not be
 * written to.
 *
 * <p>Whoever creates one guarantees that the slice is one well-formed JSON value in valid UTF-8.
 * Well-formed JSON holds no raw control character inside a string, so the value never contains the
 * Engine.IO payload separator U+001E.
 */
public final class RawJson {

  /** {@code {}}: what an event without data carries, so that {@code args[0]} is an object. */
  public static final RawJson EMPTY_OBJECT = of("{}");

  private final byte[] bytes;
  private final int offset;
  private final int length;

  private RawJson(byte[] bytes, int offset, int length) {
    this.bytes = bytes;
    this.offset = offset;
    this.length = length;
  }

  /** The slice {@code bytes[offset, offset + length)}, not copied. */
  public static RawJson slice(byte[] bytes, int offset, int length) {
    if (offset < 0 || length < 1 || offset + length > bytes.length) {
      throw new IllegalArgumentException(
          "slice %d+%d of %d bytes".formatted(offset, length, bytes.length));
    }
    return new RawJson(bytes, offset, length);
  }

  /** The value that {@code json} spells. */
  public static RawJson of(String json) {
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    return slice(bytes, 0, bytes.length);
  }

  /** Length in bytes. */
  public int length() {
    return length;
  }

  /** Copies the bytes to {@code target} from {@code at} on; returns the index after the last. */
  public int copyTo(byte[] target, int at) {
    System.arraycopy(bytes, offset, target, at, length);
    return at + length;
  }

  /**
   * The same value for keeping: itself, or a copy if it would keep an array alive that is more than
   * twice as long.
   */
  public RawJson compact() {
    return bytes.length / 2 <= length ? this : slice(toBytes(), 0, length);
  }

  /** A copy of the bytes. */
  public byte[] toBytes() {
    return Arrays.copyOfRange(bytes, offset, offset + length);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RawJson json
        && Arrays.equals(
            bytes, offset, offset + length, json.bytes, json.offset, json.offset + json.length);
  }

  @Override
  public int hashCode() {
    int hash = 1;
    for (int i = offset; i < offset + length; i++) {
      hash = 31 * hash + bytes[i];
    }
    return hash;
  }

  /** The JSON text. */
  @Override
  public String toString() {
    return new String(bytes, offset, length, StandardCharsets.UTF_8);
  }
}
