package dev.laravelrelay.e2e.conformance;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.laravelrelay.config.SocketConfig;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.socket.SocketServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.slf4j.LoggerFactory;

/**
 * Serves, on every address of this machine, what the official Engine.IO and Socket.IO suites and a
 * matrix of stock clients are run against: the relay's own sockets with an application that echoes.
 *
 * <p>The environment sets {@code PORT} (3000), and in milliseconds {@code PING_INTERVAL} (25000),
 * {@code PING_TIMEOUT} (20000) and {@code CONNECT_TIMEOUT} (45000). Runs until it is killed.
 */
public final class ConformanceServer {

  private static final int MAX_PAYLOAD = 1_000_000;
  private static final int OUTBOX_BYTES = 16 * 1024 * 1024;
  private static final int MAX_SESSIONS = 100_000;
  private static final Duration UPGRADE_TIMEOUT = Duration.ofSeconds(10);

  private ConformanceServer() {}

  /** Starts it; the arguments are not used. */
  public static void main(String[] args) throws InterruptedException, IOException {
    SocketConfig config;
    try {
      config = config(System.getenv());
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(2);
      return;
    }
    ((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).setLevel(Level.WARN);
    SocketServer rehearsal = server(config(Map.of("PORT", "0")));
    WarmUp.of(rehearsal.port());
    rehearsal.close();
    SocketServer server = server(config);
    System.out.println("conformance server on http://127.0.0.1:" + server.port());
    Thread.currentThread().join();
  }

  private static SocketServer server(SocketConfig config) {
    SocketServer server =
        new SocketServer(config, () -> 0, new RelayMetrics(new SimpleMeterRegistry()));
    server.mountEngineIo("/engine.io/", EngineEcho::new);
    server.mountSocketIo("/socket.io/", new ConformanceApplication());
    server.start();
    return server;
  }

  private static SocketConfig config(Map<String, String> environment) throws SocketException {
    return new SocketConfig(
        hasIpv6() ? "::" : "0.0.0.0",
        (int) number(environment, "PORT", 3000),
        Duration.ofMillis(number(environment, "PING_INTERVAL", 25_000)),
        Duration.ofMillis(number(environment, "PING_TIMEOUT", 20_000)),
        Duration.ofMillis(number(environment, "CONNECT_TIMEOUT", 45_000)),
        UPGRADE_TIMEOUT,
        MAX_PAYLOAD,
        OUTBOX_BYTES,
        MAX_SESSIONS,
        List.of("*"),
        List.of());
  }

  /** Clients that are told localhost may try either family first. */
  private static boolean hasIpv6() throws SocketException {
    return NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .anyMatch(Inet6Address.class::isInstance);
  }

  private static long number(Map<String, String> environment, String name, long otherwise) {
    String value = environment.getOrDefault(name, "");
    if (value.isEmpty()) {
      return otherwise;
    }
    if (!value.matches("[0-9]{1,9}")) {
      throw new IllegalArgumentException(name + " must be a number, not \"" + value + "\".");
    }
    return Long.parseLong(value);
  }
}
