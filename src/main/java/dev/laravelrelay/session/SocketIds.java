package dev.laravelrelay.session;

import java.util.concurrent.ThreadLocalRandom;

/**
 * Socket ids as every Laravel broadcaster accepts them in {@code X-Socket-ID}: two decimal numbers
 * and a dot, with 2^60 values. Public: they grant nothing.
 */
public final class SocketIds {

  private static final long HALF = 1L << 30;

  private SocketIds() {}

  /** A new one. */
  public static String next() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    return random.nextLong(1, HALF) + "." + random.nextLong(1, HALF);
  }
}
