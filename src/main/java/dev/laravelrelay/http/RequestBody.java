package dev.laravelrelay.http;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A request's JSON body, read once and whole into one array, never beyond a limit. What can be
 * refused by the headers is refused before the first byte is read, so that a client that waits for
 * {@code 100 Continue} never sends it.
 */
sealed interface RequestBody {

  Logger log = LoggerFactory.getLogger(RequestBody.class);
  Duration DISCARD_FOR = Duration.ofSeconds(5);
  long DISCARD_BYTES = 128L << 20;

  /** The bytes; the array is the caller's own. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Whole(byte[] bytes) implements RequestBody {}

  /** Not taken. */
  record Refused(int status, String message) implements RequestBody {}

  Refused CUT = new Refused(400, "The body did not arrive whole.");

  /** Why a body is refused whatever it holds; null if it is to be read. */
  static @Nullable Refused refusedByHead(
      @Nullable String type, @Nullable String encoding, long length, int limit) {
    if (!isJson(type)) {
      return new Refused(415, "The Content-Type must be application/json in UTF-8.");
    }
    if (encoding != null) {
      return new Refused(415, "The body must not be compressed.");
    }
    return length > limit ? tooLarge(limit) : null;
  }

  /** Reads the body; blocks while it comes in. */
  static RequestBody read(HttpServletRequest request, int limit) {
    long length = request.getContentLengthLong();
    Refused refused =
        refusedByHead(
            request.getContentType(), request.getHeader("Content-Encoding"), length, limit);
    if (refused != null) {
      return refused;
    }
    try {
      InputStream in = request.getInputStream();
      return length >= 0 ? known(in, (int) length) : unknown(in, limit);
    } catch (IOException cut) {
      return CUT;
    }
  }

  /**
   * Reads what a client goes on sending after its answer: closing on it would reset the connection,
   * and the answer would be lost with it. Bounded in bytes and time.
   */
  static void discard(InputStream in) {
    long end = System.nanoTime() + DISCARD_FOR.toNanos();
    byte[] buffer = new byte[1 << 16];
    long left = DISCARD_BYTES;
    try {
      int read = 0;
      while (read >= 0 && left > 0 && System.nanoTime() - end < 0) {
        read = in.read(buffer);
        left -= read;
      }
    } catch (IOException gone) {
      log.debug("the client went away while its body was discarded", gone);
    }
  }

  private static RequestBody known(InputStream in, int length) throws IOException {
    byte[] bytes = new byte[length];
    return in.readNBytes(bytes, 0, length) == length ? new Whole(bytes) : CUT;
  }

  private static RequestBody unknown(InputStream in, int limit) throws IOException {
    byte[] bytes = in.readNBytes(limit + 1);
    return bytes.length <= limit ? new Whole(bytes) : tooLarge(limit);
  }

  static Refused tooLarge(int limit) {
    return new Refused(413, "The body must not be larger than %d bytes.".formatted(limit));
  }

  private static boolean isJson(@Nullable String type) {
    if ("application/json".equals(type)) {
      return true;
    }
    if (type == null) {
      return false;
    }
    String[] parts = type.toLowerCase(Locale.ROOT).split(";", -1);
    return parts[0].strip().equals("application/json")
        && Arrays.stream(parts)
            .skip(1)
            .map(part -> part.strip().replace("\"", ""))
            .allMatch(part -> !part.startsWith("charset=") || part.equals("charset=utf-8"));
  }
}
