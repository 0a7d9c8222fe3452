package dev.laravelrelay.event;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Tells two bodies apart that came with the same idempotency key. */
final class Fingerprint {

  private Fingerprint() {}

  /** The first 64 bits of the SHA-256 of the bytes. */
  static long of(byte[] body) {
    try {
      return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(body)).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
