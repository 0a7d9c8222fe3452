package dev.laravelrelay.e2e;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The Laravel app of {@code src/e2e/laravel}: a copy of its own with a fresh SQLite database,
 * served by PHP's built-in server with four workers (one would wait for itself when the relay asks
 * it).
 */
final class LaravelProcess implements AutoCloseable {

  static final String JWT_SECRET =
      "not-a-secret-not-a-secret-not-a-secret-not-a-secret-not-a-secret";

  /** While it is rotated: the relay signs with the second. */
  static final String WEBHOOK_SECRETS = "f".repeat(64) + "," + "5".repeat(64);

  private static final Path SOURCE = Path.of("src", "e2e", "laravel");
  private static final Path PACKAGE = Path.of("deploy", "laravel");

  private final HttpClient http = HttpClient.newHttpClient();
  private final int port;
  private final Path directory;
  private final Map<String, String> environment;
  private final JsonNode tokens;
  private ChildProcess child;

  private LaravelProcess(
      int port, Path directory, Map<String, String> settings, List<String> users) {
    this.port = port;
    this.directory = directory;
    this.environment = new TreeMap<>(settings);
    environment.put("APP_KEY", "base64:" + Base64.getEncoder().encodeToString(new byte[32]));
    environment.put("JWT_SECRET", JWT_SECRET);
    environment.put("RELAY_WEBHOOK_SECRETS", WEBHOOK_SECRETS);
    environment.put("PHP_CLI_SERVER_WORKERS", "4");
    artisan("migrate", "--force");
    List<String> seed = new ArrayList<>(List.of("app:seed"));
    seed.addAll(users);
    this.tokens = JsonMapper.shared().readTree(artisan(seed.toArray(String[]::new)));
    this.child = serve();
  }

  /**
   * Starts the app.
   *
   * @param port which the caller has found free, to tell others before this starts
   * @param settings its environment: CALL_NOTIFY, RELAY_URL, RELAY_KEY, REDIS_PORT
   * @param users their names; the first has id 1
   */
  static LaravelProcess start(int port, Map<String, String> settings, String... users) {
    try {
      Path directory = Files.createTempDirectory("e2e-laravel");
      copy(SOURCE, directory);
      Files.createDirectories(directory.resolve("packages"));
      copy(PACKAGE, directory.resolve("packages/laravel-relay"));
      Files.createDirectories(directory.resolve("storage/logs"));
      Files.createDirectories(directory.resolve("storage/framework/views"));
      Files.createFile(directory.resolve("database/database.sqlite"));
      return new LaravelProcess(port, directory, settings, List.of(users));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  URI url() {
    return URI.create("http://127.0.0.1:" + port);
  }

  /** The opaque token of a user. */
  String token(int user) {
    return tokens.get(Integer.toString(user)).asString();
  }

  HttpResponse<String> get(int user, String path) {
    return send(request(user, path));
  }

  /** Posts a form, as a phone would. */
  HttpResponse<String> post(int user, String path, Map<String, String> form) {
    String body =
        form.entrySet().stream()
            .map(field -> field.getKey() + "=" + encode(field.getValue()))
            .collect(Collectors.joining("&"));
    return send(
        request(user, path)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(BodyPublishers.ofString(body)));
  }

  /** A request as this user, to be sent by {@link #send}. */
  HttpRequest.Builder request(int user, String path) {
    return HttpRequest.newBuilder(url().resolve(path))
        .timeout(Duration.ofSeconds(20))
        .header("Accept", "application/json")
        .header("Authorization", "Bearer " + token(user));
  }

  HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      return http.send(request.build(), BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** SIGKILL. */
  void kill() {
    child.close();
  }

  /** Starts it again, on the same port and database. */
  void restart() {
    child = serve();
  }

  /** Laravel's own log: what went wrong inside the app. */
  String log() {
    return read("storage/logs/laravel.log");
  }

  /** When the rows of these calls were written for good, in epoch microseconds; in that order. */
  List<RowWritten> rowsWritten() {
    return read("storage/logs/rows.log")
        .lines()
        .map(line -> line.split(" "))
        .filter(words -> words.length == 2)
        .map(words -> new RowWritten(words[0], Long.parseLong(words[1])))
        .toList();
  }

  /** A call's row was written. */
  record RowWritten(String call, long epochMicros) {}

  /** All rows of calls: id, status, reason, and how often each has changed. */
  JsonNode calls() {
    return JsonMapper.shared().readTree(artisan("app:calls"));
  }

  private String read(String file) {
    Path path = directory.resolve(file);
    try {
      return Files.exists(path) ? Files.readString(path) : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String artisan(String... arguments) {
    List<String> command = new ArrayList<>(List.of("php", "artisan"));
    command.addAll(List.of(arguments));
    try (ChildProcess artisan = ChildProcess.start("artisan", directory, environment, command)) {
      int status = artisan.awaitExit(Duration.ofSeconds(60));
      if (status != 0) {
        throw new IllegalStateException(String.join(" ", command) + ":\n" + artisan.log());
      }
      return artisan.log();
    }
  }

  private ChildProcess serve() {
    ChildProcess server =
        ChildProcess.start(
            "laravel",
            directory,
            environment,
            List.of("php", "-S", "127.0.0.1:" + port, "-t", "public", "public/index.php"));
    await("Laravel")
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(50))
        .until(
            () -> {
              try {
                return get(1, "/api/user").statusCode() == 200;
              } catch (UncheckedIOException notYet) {
                return false;
              }
            });
    return server;
  }

  private static String encode(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8);
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path copy = to.resolve(from.relativize(file));
        if (Files.isDirectory(file)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(file, copy);
        }
      }
    }
  }

  @Override
  public void close() {
    child.close();
    http.close();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
