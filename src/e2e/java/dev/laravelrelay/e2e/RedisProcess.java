package dev.laravelrelay.e2e;

import static org.awaitility.Awaitility.await;

import dev.laravelrelay.testing.FreePorts;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A real redis-server on a port that it keeps over restarts; by default it keeps nothing else. */
public final class RedisProcess implements AutoCloseable {

  private final int port = FreePorts.next();
  private final Path directory;
  private final List<String> settings;
  private ChildProcess child;

  private RedisProcess(Path directory, List<String> settings) {
    this.directory = directory;
    this.settings = settings;
    this.child = launch();
  }

  static RedisProcess start() {
    return start(List.of());
  }

  /** With these further settings. */
  public static RedisProcess start(List<String> settings) {
    try {
      return new RedisProcess(Files.createTempDirectory("e2e-redis"), settings);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public int port() {
    return port;
  }

  String url() {
    return "redis://127.0.0.1:" + port;
  }

  /** SIGKILL: what was subscribed is gone without a word. */
  public void kill() {
    child.close();
  }

  /** Starts it again after {@link #kill}, with what it had written. */
  public void restart() {
    child = launch();
  }

  /** Starts it again after {@link #kill}, with nothing. */
  public void restartEmpty() {
    deleteAll(directory);
    child = launch();
  }

  /** Stops its processor time: its connections stay open. */
  public void freeze() {
    child.signal("STOP");
  }

  /** Ends {@link #freeze()}. */
  public void thaw() {
    child.signal("CONT");
  }

  private ChildProcess launch() {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<String> command =
        new ArrayList<>(
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
    command.addAll(settings);
    ChildProcess started = ChildProcess.start("redis", directory, Map.of(), command);
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
    deleteAll(directory);
  }

  private static void deleteAll(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
