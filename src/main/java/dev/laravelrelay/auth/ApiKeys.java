package dev.laravelrelay.auth;

import dev.laravelrelay.config.Secret;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;

/**
 * The keys that open the API; several at once while one is rotated. How long {@link #accepts} takes
 * depends on the number of keys only, not on which one matches or how far. Safe from any thread.
 */
public final class ApiKeys {

  private final List<byte[]> digests;

  /**
   * Takes the keys; without any, nothing is accepted.
   *
   * @throws IllegalArgumentException if a key is empty
   */
  public ApiKeys(List<Secret> keys) {
    if (keys.stream().anyMatch(key -> key.length() == 0)) {
      throw new IllegalArgumentException("an API key is empty");
    }
    digests = keys.stream().map(key -> Sha256.of(key.bytes())).toList();
  }

  /** Whether it is one of the keys. */
  public boolean accepts(String presented) {
    byte[] digest = Sha256.of(presented.getBytes(StandardCharsets.UTF_8));
    boolean accepted = false;
    for (byte[] key : digests) {
      accepted |= MessageDigest.isEqual(key, digest);
    }
    return accepted;
  }
}
