package dev.laravelrelay.redis;

import dev.laravelrelay.call.Call;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A call as Redis keeps it: when it ends (epoch milliseconds), its state and the mark of who wrote
 * it, each with a space behind it; then the parties.
 */
final class CallBytes {

  private CallBytes() {}

  /** The parties, as they stand at the end. */
  static byte[] parties(String caller, String receiver) {
    return new ByteWriter(32).text(caller).text(receiver).toBytes();
  }

  /**
   * The call.
   *
   * @param mark no two writes have the same
   */
  static byte[] of(Call call, String mark) {
    byte[] head = RedisNames.utf8(call.expiresAt() + " " + call.state() + " " + mark + " ");
    byte[] parties = parties(call.caller(), call.receiver());
    byte[] all = Arrays.copyOf(head, head.length + parties.length);
    System.arraycopy(parties, 0, all, head.length, parties.length);
    return all;
  }

  /**
   * Reads one.
   *
   * @throws RuntimeException if it is none
   */
  static Call read(String id, byte[] bytes) {
    int first = space(bytes, 0);
    int second = space(bytes, first + 1);
    int third = space(bytes, second + 1);
    ByteReader parties = new ByteReader(bytes, third + 1);
    return new Call(
        id,
        parties.text(),
        parties.text(),
        Call.State.valueOf(text(bytes, first + 1, second)),
        Long.parseLong(text(bytes, 0, first)));
  }

  private static String text(byte[] bytes, int from, int to) {
    return new String(bytes, from, to - from, StandardCharsets.US_ASCII);
  }

  private static int space(byte[] bytes, int from) {
    int at = from;
    while (bytes[at] != ' ') {
      at++;
    }
    return at;
  }
}
