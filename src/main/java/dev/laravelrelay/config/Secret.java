package dev.laravelrelay.config;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** A value that never shows itself: not in logs, not in error texts. */
public final class Secret {

  private final String value;

  public Secret(String value) {
    this.value = value;
  }

  /** The value itself, for the code that needs it; never to be printed. */
  public String reveal() {
    return value;
  }

  /** The value's UTF-8 bytes. */
  public byte[] bytes() {
    return value.getBytes(StandardCharsets.UTF_8);
  }

  /** How many characters it has. */
  public int length() {
    return value.length();
  }

  /** Compared in constant time. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Secret secret && MessageDigest.isEqual(bytes(), secret.bytes());
  }

  @Override
  public int hashCode() {
    return value.hashCode();
  }

  @Override
  public String toString() {
    return "***";
  }
}
