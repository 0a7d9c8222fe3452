package dev.laravelrelay.testing;

import dev.laravelrelay.Main;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** A whole relay in a process of its own, so that it can be killed; a token is its user's id. */
public final class RelayChild implements AutoCloseable {

  private final int port;
  private final Process process;
  private final Thread hook = new Thread(this::kill, "relay-child-end");

  private RelayChild(int port, Process process) {
    this.port = port;
    this.process = process;
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Starts {@code serve --dev} with these settings; returns when it takes clients. */
  public static RelayChild start(Map<String, String> settings) {
    int port = FreePorts.next();
    ProcessBuilder builder =
        new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "serve",
                "--dev"));
    builder.environment().keySet().removeIf(name -> name.startsWith("RELAY_"));
    builder.environment().putAll(settings);
    builder.environment().put("RELAY_PORT", Integer.toString(port));
    builder.environment().put("RELAY_API_PORT", Integer.toString(FreePorts.next()));
    builder.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD);
    try {
      RelayChild child = new RelayChild(port, builder.start());
      Awaitility.await("the relay's port")
          .atMost(Duration.ofSeconds(60))
          .until(() -> !child.process.isAlive() || child.listens());
      if (!child.process.isAlive()) {
        throw new IllegalStateException("the relay ended with " + child.process.exitValue());
      }
      return child;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean listens() {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException notYet) {
      return false;
    }
  }

  /** Where clients are to connect to. */
  public URI socketUrl() {
    return URI.create("http://127.0.0.1:" + port);
  }

  /** SIGKILL; returns when it is gone. */
  public void kill() {
    try {
      if (!process.destroyForcibly().waitFor(10, TimeUnit.SECONDS)) {
        throw new IllegalStateException("the relay does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    kill();
    Runtime.getRuntime().removeShutdownHook(hook);
  }
}
