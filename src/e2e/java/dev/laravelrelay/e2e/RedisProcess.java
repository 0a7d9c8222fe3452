package dev.laravelrelay.e2e;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A real redis-server, without persistence, on a port that it keeps over restarts. */
final class RedisProcess implements AutoCloseable {

  private final int port = ChildProcess.freePort();
  private final Path directory;
  private ChildProcess child;

  private RedisProcess(Path directory) {
    this.directory = directory;
    this.child = launch();
  }

  static RedisProcess start() {
    try {
      return new RedisProcess(Files.createTempDirectory("e2e-redis"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int port() {
    return port;
  }

  String url() {
    return "redis://127.0.0.1:" + port;
  }

  /** SIGKILL: what was subscribed is gone without a word. */
  void kill() {
    child.close();
  }

  void restart() {
    child = launch();
  }

  private ChildProcess launch() {
    ChildProcess started =
        ChildProcess.start(
            "redis",
            directory,
            Map.of(),
            List.of(
                "redis-server",
                "--port",
                Integer.toString(port),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--dir",
                directory.toString()));
    await("redis-server")
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(20))
        .until(this::answers);
    return started;
  }

  private boolean answers() {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.getOutputStream().write("PING\r\n".getBytes(StandardCharsets.UTF_8));
      return socket.getInputStream().read() == '+';
    } catch (IOException notYet) {
      return false;
    }
  }

  @Override
  public void close() {
    child.close();
    try {
      Files.deleteIfExists(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
