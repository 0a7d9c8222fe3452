package dev.laravelrelay.e2e;

import static org.awaitility.Awaitility.await;

import dev.laravelrelay.testing.FreePorts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The packaged relay ({@code target/laravel-relay.jar}, or {@code -Drelay.jar}), started as an
 * operator does, on ports of its own that it keeps over restarts.
 */
public final class RelayProcess implements AutoCloseable {

  public static final String KEY = "dev-key";

  private static final Duration START = Duration.ofSeconds(120);
  private static final Duration STOP = Duration.ofSeconds(30);

  private final HttpClient http = HttpClient.newHttpClient();
  private final int port = FreePorts.next();
  private final int apiPort = FreePorts.next();
  private final Map<String, String> settings;
  private ChildProcess child;

  private RelayProcess(Map<String, String> settings) {
    this.settings = new TreeMap<>(settings);
    this.settings.put("RELAY_PORT", Integer.toString(port));
    this.settings.put("RELAY_API_PORT", Integer.toString(apiPort));
    this.child = launch();
  }

  /** Starts {@code serve --dev} with these RELAY_* variables, and waits until it is ready. */
  public static RelayProcess start(Map<String, String> settings) {
    RelayProcess relay = new RelayProcess(settings);
    relay.awaitReady();
    return relay;
  }

  /** Starts it again, on the same ports, after {@link #stop()} or {@link #kill()}. */
  public void restart() {
    child = launch();
    awaitReady();
  }

  /** SIGTERM only: the drain begins, and {@link #awaitExit()} waits for its end. */
  void terminate() {
    child.terminate();
  }

  int awaitExit() {
    return child.awaitExit(STOP);
  }

  /** SIGTERM, and the exit code after the drain. */
  int stop() {
    terminate();
    return awaitExit();
  }

  /** SIGKILL. */
  public void kill() {
    child.close();
  }

  public long pid() {
    return child.process().pid();
  }

  /** Stops its processor time: its connections stay open. */
  public void freeze() {
    child.signal("STOP");
  }

  /** Ends {@link #freeze()}. */
  public void thaw() {
    child.signal("CONT");
  }

  public URI socketUrl() {
    return URI.create("http://127.0.0.1:" + port);
  }

  public int port() {
    return port;
  }

  public URI apiUrl() {
    return URI.create("http://127.0.0.1:" + apiPort);
  }

  public String log() {
    return child.log();
  }

  /** POST /api/emit with the development key. */
  public HttpResponse<String> emit(String json) {
    return send(
        HttpRequest.newBuilder(apiUrl().resolve("/api/emit"))
            .header("Authorization", "Bearer " + KEY)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(json)));
  }

  /** DELETE /api/calls/{id}; the status. */
  int forget(String call) {
    return send(HttpRequest.newBuilder(apiUrl().resolve("/api/calls/" + call))
            .header("Authorization", "Bearer " + KEY)
            .DELETE())
        .statusCode();
  }

  /** GET on the private door, with the development key. */
  public HttpResponse<String> get(String path) {
    return send(
        HttpRequest.newBuilder(apiUrl().resolve(path)).header("Authorization", "Bearer " + KEY));
  }

  private HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      return http.send(request.timeout(Duration.ofSeconds(10)).build(), BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private ChildProcess launch() {
    Path jar = Path.of(System.getProperty("relay.jar", "target/laravel-relay.jar"));
    if (!Files.isRegularFile(jar)) {
      throw new IllegalStateException(jar + " is missing: mvn package first");
    }
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    return ChildProcess.start(
        "relay", Path.of("."), settings, List.of(java, "-jar", jar.toString(), "serve", "--dev"));
  }

  private void awaitReady() {
    await("the relay to be ready")
        .atMost(START)
        .pollInterval(Duration.ofMillis(50))
        .until(this::isReadyOrDead);
    if (!child.isAlive()) {
      throw new IllegalStateException("the relay did not start:\n" + log());
    }
  }

  private boolean isReadyOrDead() {
    if (!child.isAlive()) {
      return true;
    }
    try {
      return get("/health/ready").statusCode() == 200;
    } catch (UncheckedIOException notYet) {
      return false;
    }
  }

  @Override
  public void close() {
    child.close();
    http.close();
  }
}
