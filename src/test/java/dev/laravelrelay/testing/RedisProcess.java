package dev.laravelrelay.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import redis.embedded.core.ExecutableProvider;

/**
 * A {@code redis-server} process on a free loopback port: from the PATH, else the one that
 * embedded-redis ships. Gone at the latest with the JVM, with all that it wrote.
 */
final class RedisProcess implements TestRedis.Host {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Path directory;
  private final String binary;
  private final int port;
  private final Thread hook = new Thread(this::end, "redis-process-end");
  private final List<String> arguments;
  private Process process;

  /** One that keeps nothing, and has these further settings; {@code PORT} stands for its port. */
  RedisProcess(String... settings) {
    this(List.of(), settings);
  }

  /** A Sentinel with these lines in its configuration. */
  static RedisProcess sentinel(String... lines) {
    return new RedisProcess(List.of(lines));
  }

  private RedisProcess(List<String> sentinel, String... settings) {
    try {
      directory = Files.createTempDirectory("relay-test-redis");
      binary = onPath().orElseGet(this::shipped);
      port = FreePorts.next();
      arguments = new ArrayList<>();
      if (!sentinel.isEmpty()) {
        Path file = Files.write(directory.resolve("sentinel.conf"), sentinel);
        arguments.addAll(List.of(file.toString(), "--sentinel"));
      }
      String[] where = {
        "--port", Integer.toString(port), "--bind", "127.0.0.1", "--dir", directory.toString()
      };
      arguments.addAll(List.of(where));
      if (sentinel.isEmpty()) {
        arguments.addAll(List.of("--save", "", "--appendonly", "no"));
      }
      for (String setting : settings) {
        arguments.add(setting.equals("PORT") ? Integer.toString(port) : setting);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Runtime.getRuntime().addShutdownHook(hook);
  }

  @Override
  public String url() {
    return "redis://127.0.0.1:" + port;
  }

  @Override
  public synchronized void start() {
    File log = directory.resolve("log").toFile();
    List<String> command = new ArrayList<>(arguments);
    command.addFirst(binary);
    try {
      process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns when it takes connections. */
  void awaitOpen() {
    Awaitility.await("redis-server on port " + port)
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(5))
        .ignoreExceptionsInstanceOf(IOException.class)
        .until(
            () -> {
              new Socket(InetAddress.getLoopbackAddress(), port).close();
              return true;
            });
  }

  /** Where it listens. */
  int port() {
    return port;
  }

  /** Its own. */
  Path directory() {
    return directory;
  }

  @Override
  public synchronized void kill() {
    if (process == null) {
      return;
    }
    try {
      if (!process.destroyForcibly().waitFor(10, TimeUnit.SECONDS)) {
        throw new IllegalStateException("redis-server " + process.pid() + " does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void freeze() {
    signal("-STOP");
  }

  @Override
  public void thaw() {
    signal("-CONT");
  }

  @Override
  public void discard() {
    end();
    Runtime.getRuntime().removeShutdownHook(hook);
  }

  private void end() {
    kill();
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted((a, b) -> b.compareTo(a)).map(Path::toFile).forEach(File::delete);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private synchronized void signal(String signal) {
    try {
      int exit =
          new ProcessBuilder("sh", "-c", "kill " + signal + " " + process.pid()).start().waitFor();
      if (exit != 0) {
        throw new IllegalStateException("kill %s answered %d".formatted(signal, exit));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Optional<String> onPath() {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .filter(directory -> !directory.isEmpty())
        .map(directory -> Path.of(directory, "redis-server"))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst();
  }

  private String shipped() {
    try {
      return ExecutableProvider.newJarResourceProvider(directory.toFile()).get().getPath();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
