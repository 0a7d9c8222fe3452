package dev.laravelrelay.event;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Tells two bodies apart that came with the same idempotency key. */
final class Fingerprint {

  private Fingerprint() {}

  /** The first 64 bits of the SHA-256 of {@code body[start, end)}. */
  static long of(byte[] body, int start, int end) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(body, start, end - start);
      return ByteBuffer.wrap(digest.digest()).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
