package dev.laravelrelay.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** A Lua script, sent by its SHA-1 and whole only to a Redis that does not know it. Immutable. */
final class RedisScript {

  private final byte[] text;
  private final byte[] sha1;

  private RedisScript(byte[] text) {
    this.text = text;
    try {
      byte[] digest = MessageDigest.getInstance("SHA-1").digest(text);
      this.sha1 = RedisNames.utf8(HexFormat.of().formatHex(digest));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The scripts in these files beside this class, one after the other. */
  static RedisScript of(String... names) {
    StringBuilder text = new StringBuilder();
    for (String name : names) {
      try (InputStream file = RedisScript.class.getResourceAsStream(name)) {
        if (file == null) {
          throw new IllegalStateException("no script " + name);
        }
        text.append(new String(file.readAllBytes(), StandardCharsets.UTF_8));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return new RedisScript(RedisNames.utf8(text.toString()));
  }

  /** The arguments of EVALSHA. */
  byte[][] bySha1(List<byte[]> keys, List<byte[]> arguments) {
    return arguments(sha1, keys, arguments);
  }

  /** The arguments of EVAL that do the same as those of EVALSHA. */
  byte[][] whole(byte[][] bySha1) {
    byte[][] all = bySha1.clone();
    all[0] = text;
    return all;
  }

  private static byte[][] arguments(byte[] first, List<byte[]> keys, List<byte[]> arguments) {
    byte[][] all = new byte[2 + keys.size() + arguments.size()][];
    all[0] = first;
    all[1] = RedisNames.utf8(Integer.toString(keys.size()));
    int at = 2;
    for (byte[] key : keys) {
      all[at++] = key;
    }
    for (byte[] argument : arguments) {
      all[at++] = argument;
    }
    return all;
  }
}
