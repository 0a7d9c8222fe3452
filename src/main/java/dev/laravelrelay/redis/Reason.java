package dev.laravelrelay.redis;

import java.net.ConnectException;
import java.net.SocketException;
import java.util.Locale;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Why a connection to Redis failed, for the operator. */
final class Reason {

  private Reason() {}

  /** One clause, without secrets. */
  static String of(Throwable failure) {
    Throwable root = failure;
    boolean tls = root instanceof SSLException;
    for (Throwable deeper = deeper(root); deeper != null; deeper = deeper(root)) {
      root = deeper;
      tls |= root instanceof SSLException;
    }
    String text =
        root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage().strip();
    if (text.startsWith("NOAUTH")) {
      return "it wants a password, and maybe a user: put them into RELAY_REDIS_URL";
    }
    return tls ? ofTls(text) : text;
  }

  /** Jedis hides why it could not connect among what it suppressed. */
  private static @Nullable Throwable deeper(Throwable failure) {
    Throwable[] suppressed = failure.getSuppressed();
    return failure.getCause() != null || suppressed.length == 0
        ? failure.getCause()
        : suppressed[0];
  }

  /** Whether the other side just hung up. */
  static boolean isCut(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SocketException && !(cause instanceof ConnectException)) {
        return true;
      }
    }
    return false;
  }

  /** One sentence on a connection that is not there. */
  static String since(String what, boolean onceUp, long millis, String reason) {
    return "%s %s %d s%s%s"
        .formatted(
            what,
            onceUp ? "lost" : "not there yet, for",
            Math.max(0, millis / 1000),
            onceUp ? " ago" : "",
            reason.isEmpty() ? "" : ": " + reason);
  }

  private static String ofTls(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    if (lower.contains("certification path") || lower.contains("path validation")) {
      return "its certificate is not signed by anyone whom the relay trusts: see RELAY_REDIS_CA";
    }
    if (lower.contains("subject alternative") || lower.contains("no name matching")) {
      return "its certificate is for another host: " + text;
    }
    if (lower.contains("alert")) {
      return "it refuses the relay's client certificate, or wants one: see RELAY_REDIS_CERT and"
          + " RELAY_REDIS_KEY ("
          + text
          + ")";
    }
    if (lower.contains("unsupported or unrecognized ssl message")) {
      return "it does not speak TLS on this port";
    }
    return "TLS: " + text;
  }
}
