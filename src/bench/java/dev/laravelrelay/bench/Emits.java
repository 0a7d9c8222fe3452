package dev.laravelrelay.bench;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * A kind of request that callers send. Each carries, as the last member of its data, the time at
 * which it was meant to be sent, in as many digits every time: a template is filled in.
 */
final class Emits {

  static final String KEY = "a-key-for-the-benchmark-of-32-characters";

  private static final long ORIGIN = System.nanoTime() - 1_000_000_000_000_000L;
  private static final int USER_DIGITS = 6;
  private static final int TIME_DIGITS = 16;
  private static final String NO_USER = "0".repeat(USER_DIGITS);
  private static final String NO_TIME = "0".repeat(TIME_DIGITS);

  private final byte[] template;
  private final int[] usersAt;
  private final int[] timesAt;

  /** How many emits one request holds. */
  final int count;

  private Emits(String path, String body, int count) {
    String request =
        "POST %s HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer %s\r\n"
            + "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s";
    String whole = request.formatted(path, KEY, body.length(), body);
    this.template = whole.getBytes(StandardCharsets.ISO_8859_1);
    this.usersAt = all("\"" + NO_USER + "\"", whole);
    this.timesAt = all(":" + NO_TIME, whole);
    this.count = count;
  }

  /** Where the digits behind the first character of each match start. */
  private static int[] all(String wanted, String text) {
    return Pattern.compile(wanted).matcher(text).results().mapToInt(m -> m.start() + 1).toArray();
  }

  /** To one user; more fields may follow, as {@code ,"hold":30}. */
  static Emits toUser(String terms) {
    return new Emits("/api/emit", emit("\"user\":\"" + NO_USER + "\"" + terms), 1);
  }

  static Emits toAll() {
    return new Emits("/api/emit", emit("\"everyone\":true"), 1);
  }

  /** To this user always, with so many bytes besides. */
  static Emits large(int user, int bytes) {
    String data = data(NO_TIME).replace("User declined", "x".repeat(bytes));
    String body = "{\"user\":\"%d\",\"event\":\"call:rejected\",\"data\":%s}".formatted(user, data);
    return new Emits("/api/emit", body, 1);
  }

  static Emits batch(int count) {
    String one = emit("\"user\":\"" + NO_USER + "\"");
    String all = "{\"emits\":[" + (one + ",").repeat(count - 1) + one + "]}";
    return new Emits("/api/emit/batch", all, count);
  }

  private static String emit(String target) {
    return "{%s,\"event\":\"call:rejected\",\"data\":%s}".formatted(target, data(NO_TIME));
  }

  /** The data of an event that was meant to be sent at this time. */
  static String data(long at) {
    return data(Long.toString(at - ORIGIN));
  }

  private static String data(String time) {
    return "{\"callId\":\"c-667\",\"reason\":\"User declined\",\"t\":%s}".formatted(time);
  }

  /** The request to the users from this number on, below the limit, meant to be sent then. */
  byte[] request(int firstUser, int users, long at) {
    byte[] request = template.clone();
    for (int i = 0; i < usersAt.length; i++) {
      digits(request, usersAt[i], USER_DIGITS, Tokens.user((firstUser + i) % users));
    }
    for (int timeAt : timesAt) {
      digits(request, timeAt, TIME_DIGITS, at - ORIGIN);
    }
    return request;
  }

  private static void digits(byte[] out, int at, int length, long value) {
    long left = value;
    for (int i = at + length - 1; i >= at; i--) {
      out[i] = (byte) ('0' + left % 10);
      left /= 10;
    }
  }

  /** Reads the time back from an event's frame, which ends with the digits and brackets. */
  static long sentAt(byte[] frame, int end) {
    int last = lastDigit(frame, end);
    long value = 0;
    for (int i = last - TIME_DIGITS; i < last; i++) {
      value = value * 10 + frame[i] - '0';
    }
    return value + ORIGIN;
  }

  private static int lastDigit(byte[] bytes, int end) {
    int at = end;
    while (bytes[at - 1] < '0' || bytes[at - 1] > '9') {
      at--;
    }
    return at;
  }
}
