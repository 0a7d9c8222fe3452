package dev.laravelrelay.testing;

import dev.laravelrelay.config.SocketConfig;
import java.time.Duration;
import java.util.List;

/** Settings of sockets on a free loopback port. */
public final class SocketConfigs {

  public static final int MAX_MESSAGE = 10_000;
  public static final int OUTBOX = 256 * 1024;

  private SocketConfigs() {}

  /** Of clients that are left in peace. */
  public static SocketConfig calm() {
    return of(25_000, 20_000, 45_000, 10_000, List.of("*"));
  }

  /** In milliseconds. */
  public static SocketConfig of(
      long pingInterval, long pingTimeout, long connect, long upgrade, List<String> origins) {
    return new SocketConfig(
        "127.0.0.1",
        0,
        Duration.ofMillis(pingInterval),
        Duration.ofMillis(pingTimeout),
        Duration.ofMillis(connect),
        Duration.ofMillis(upgrade),
        MAX_MESSAGE,
        OUTBOX,
        50_000,
        origins,
        List.of());
  }
}
