package dev.laravelrelay.redis;

import dev.laravelrelay.event.RawJson;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads what {@link ByteWriter} wrote. What is malformed ends in an {@link
 * IllegalArgumentException} or {@link IndexOutOfBoundsException}, never in a large allocation.
 */
final class ByteReader {

  private final byte[] bytes;
  private int at;

  ByteReader(byte[] bytes) {
    this(bytes, 0);
  }

  ByteReader(byte[] bytes, int from) {
    this.bytes = bytes;
    this.at = from;
  }

  long number() {
    long number = 0;
    for (int shift = 0; shift < 63; shift += 7) {
      byte next = bytes[at++];
      number |= (long) (next & 0x7F) << shift;
      if (next >= 0) {
        return number;
      }
    }
    throw new IllegalArgumentException("a number too long");
  }

  String text() {
    int length = length();
    String text = new String(bytes, at, length, StandardCharsets.UTF_8);
    at += length;
    return text;
  }

  @Nullable String textOrNull() {
    return number() == 0 ? null : text();
  }

  List<String> texts() {
    int count = length();
    List<String> texts = new ArrayList<>(Math.min(count, 1_000));
    for (int i = 0; i < count; i++) {
      texts.add(text());
    }
    return texts;
  }

  boolean isAtEnd() {
    return at == bytes.length;
  }

  /** The JSON value that is all the rest: a slice. */
  RawJson rest() {
    return RawJson.slice(bytes, at, bytes.length - at);
  }

  private int length() {
    long length = number();
    if (length > bytes.length - at) {
      throw new IllegalArgumentException("cut off");
    }
    return (int) length;
  }
}
