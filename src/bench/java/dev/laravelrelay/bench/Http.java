package dev.laravelrelay.bench;

import java.nio.charset.StandardCharsets;

/** As much of HTTP/1.1 as the load generator reads. */
final class Http {

  private static final byte[] LENGTH = "content-length:".getBytes(StandardCharsets.ISO_8859_1);

  private Http() {}

  /** The index behind the empty line; -1 if it has not come. */
  static int endOfHead(byte[] in, int end) {
    return endOfHead(in, 0, end);
  }

  private static int endOfHead(byte[] in, int start, int end) {
    for (int i = start + 3; i < end; i++) {
      if (in[i] == '\n' && in[i - 1] == '\r' && in[i - 2] == '\n' && in[i - 3] == '\r') {
        return i + 1;
      }
    }
    return -1;
  }

  /** Whether the answer whose head ends there has come whole, by its length or its last chunk. */
  static boolean isWhole(byte[] in, int headEnd, int end) {
    for (int line = 0; line < headEnd - LENGTH.length; line++) {
      if (in[line] == '\n' && isLength(in, line + 1)) {
        int value = 0;
        for (int i = line + 1 + LENGTH.length; in[i] != '\r'; i++) {
          value = in[i] == ' ' ? value : value * 10 + in[i] - '0';
        }
        return headEnd + value <= end;
      }
    }
    return end - headEnd >= 5 && in[end - 5] == '0' && endOfHead(in, end - 4, end) == end;
  }

  private static boolean isLength(byte[] in, int at) {
    for (int i = 0; i < LENGTH.length; i++) {
      if ((in[at + i] | 0x20) != (LENGTH[i] | 0x20)) {
        return false;
      }
    }
    return true;
  }
}
