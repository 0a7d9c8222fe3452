package dev.laravelrelay.redis;

import dev.laravelrelay.event.RawJson;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes numbers and texts one after the other, as {@link ByteReader} reads them. */
final class ByteWriter {

  private byte[] bytes;
  private int length;

  ByteWriter(int expected) {
    this.bytes = new byte[Math.max(16, expected)];
  }

  /** One that is not negative takes a byte for each 7 bits. */
  ByteWriter number(long number) {
    if (number < 0) {
      throw new IllegalArgumentException("negative: " + number);
    }
    room(10);
    long rest = number;
    while (rest > 0x7F) {
      bytes[length++] = (byte) ((rest & 0x7F) | 0x80);
      rest >>>= 7;
    }
    bytes[length++] = (byte) rest;
    return this;
  }

  ByteWriter text(String text) {
    return block(text.getBytes(StandardCharsets.UTF_8));
  }

  ByteWriter textOrNull(@Nullable String text) {
    return text == null ? number(0) : number(1).text(text);
  }

  ByteWriter texts(List<String> texts) {
    number(texts.size());
    texts.forEach(this::text);
    return this;
  }

  /** The bytes and how many they are. */
  ByteWriter block(byte[] block) {
    number(block.length);
    return raw(block);
  }

  /** The bytes alone. */
  ByteWriter raw(byte[] raw) {
    room(raw.length);
    System.arraycopy(raw, 0, bytes, length, raw.length);
    length += raw.length;
    return this;
  }

  /** Ends with the value; all that was written. */
  byte[] rest(RawJson value) {
    room(value.length());
    length = value.copyTo(bytes, length);
    return toBytes();
  }

  byte[] toBytes() {
    return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
  }

  private void room(int more) {
    if (length + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + more));
    }
  }
}
