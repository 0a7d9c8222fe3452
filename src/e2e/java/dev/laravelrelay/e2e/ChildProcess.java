package dev.laravelrelay.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A process that a test owns, with its output in {@code target/e2e/logs}. Closing it, or the end of
 * this JVM, kills it with all its descendants.
 */
public final class ChildProcess implements AutoCloseable {

  private static final Path LOGS = Path.of("target", "e2e", "logs");
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final Set<ChildProcess> ALIVE = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> ALIVE.forEach(ChildProcess::killTree), "kill-children"));
  }

  private final Process process;
  private final Path log;

  private ChildProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
    ALIVE.add(this);
  }

  /** Starts {@code command} with {@code environment} and nothing else but the PATH. */
  public static ChildProcess start(
      String name, Path directory, Map<String, String> environment, List<String> command) {
    return start(name, directory, environment, command, false);
  }

  /** As {@link #start}, with its output for {@link #process()} to read. */
  static ChildProcess startPiped(
      String name, Path directory, Map<String, String> environment, List<String> command) {
    return start(name, directory, environment, command, true);
  }

  private static ChildProcess start(
      String name,
      Path directory,
      Map<String, String> environment,
      List<String> command,
      boolean piped) {
    try {
      Files.createDirectories(LOGS);
      Path log = LOGS.resolve(name + "-" + COUNT.incrementAndGet() + ".log").toAbsolutePath();
      ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
      String path = System.getenv("PATH");
      builder.environment().clear();
      builder.environment().put("PATH", path);
      builder.environment().putAll(environment);
      builder.redirectError(log.toFile());
      if (!piped) {
        builder.redirectErrorStream(true).redirectOutput(log.toFile());
      }
      return new ChildProcess(builder.start(), log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Process process() {
    return process;
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** What it has printed so far. */
  public String log() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** SIGTERM. */
  void terminate() {
    process.destroy();
  }

  /** Sends a signal by its name. */
  void signal(String name) {
    try {
      new ProcessBuilder("sh", "-c", "kill -%s %d".formatted(name, process.pid()))
          .start()
          .waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits for its end, and answers its exit code. */
  int awaitExit(Duration limit) {
    try {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IllegalStateException("still running after " + limit + "\n" + log());
      }
      ALIVE.remove(this);
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    killTree();
    awaitExit(Duration.ofSeconds(10));
  }

  private void killTree() {
    List<ProcessHandle> descendants = process.descendants().toList();
    process.destroyForcibly();
    descendants.forEach(ProcessHandle::destroyForcibly);
  }
}
