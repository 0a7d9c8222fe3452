package dev.laravelrelay.testing;

import dev.laravelrelay.app.RelayApp;
import dev.laravelrelay.config.ApiConfig;
import dev.laravelrelay.config.AuthConfig;
import dev.laravelrelay.config.DeliveryConfig;
import dev.laravelrelay.config.LaravelConfig;
import dev.laravelrelay.config.LogConfig;
import dev.laravelrelay.config.RedisConfig;
import dev.laravelrelay.config.RelayConfig;
import dev.laravelrelay.config.Secret;
import dev.laravelrelay.config.SocketConfig;
import dev.laravelrelay.config.WebhookConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A whole relay in this process, in memory, on free ports; a client's token is its user's id. */
public final class TestRelay implements AutoCloseable {

  private static final WebhookConfig NO_WEBHOOKS =
      new WebhookConfig(
          Optional.empty(), List.of(), 100, Duration.ofSeconds(10), List.of(), 20, 50, 30);
  private static final RedisConfig NO_REDIS =
      new RedisConfig(Optional.empty(), "relay:", List.of(), 0);

  private static final LaravelConfig NO_LARAVEL =
      new LaravelConfig(Optional.empty(), "/broadcasting/auth", Duration.ofSeconds(1));

  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String KEY = "k".repeat(32);

  private final HttpClient http = HttpClient.newHttpClient();
  private final RelayApp app;

  /** With a heartbeat that does not come in the way of a short test. */
  public static TestRelay start() {
    return start(Duration.ofSeconds(25), Duration.ofSeconds(20));
  }

  /** With a heartbeat of its own. */
  public static TestRelay start(Duration pingInterval, Duration pingTimeout) {
    return start(pingInterval, pingTimeout, NO_LARAVEL, NO_WEBHOOKS, NO_REDIS);
  }

  /** With a Laravel that hears of things. */
  public static TestRelay start(WebhookConfig webhooks) {
    return start(Duration.ofSeconds(25), Duration.ofSeconds(20), NO_LARAVEL, webhooks, NO_REDIS);
  }

  /** One node of those that share this Redis and prefix. */
  public static TestRelay start(TestRedis redis, String prefix) {
    return start(redis, prefix, NO_WEBHOOKS);
  }

  /** The same with a Laravel that hears of things. */
  public static TestRelay start(TestRedis redis, String prefix, WebhookConfig webhooks) {
    return start(
        Duration.ofSeconds(25),
        Duration.ofSeconds(20),
        NO_LARAVEL,
        webhooks,
        shared(redis, prefix));
  }

  /** With a Laravel that admits clients into channels. */
  public static TestRelay start(URI laravel) {
    return start(
        Duration.ofSeconds(25),
        Duration.ofSeconds(20),
        new LaravelConfig(Optional.of(laravel), "/broadcasting/auth", Duration.ofSeconds(10)),
        NO_WEBHOOKS,
        NO_REDIS);
  }

  /** The same with a Laravel that admits clients into channels. */
  public static TestRelay start(TestRedis redis, String prefix, URI laravel) {
    return start(
        Duration.ofSeconds(25),
        Duration.ofSeconds(20),
        new LaravelConfig(Optional.of(laravel), "/broadcasting/auth", Duration.ofSeconds(5)),
        NO_WEBHOOKS,
        shared(redis, prefix));
  }

  /** Whose clients have opaque tokens, of which Laravel is asked. */
  public static TestRelay startWithOpaqueTokens(URI laravel) {
    return startWithOpaqueTokens(laravel, NO_REDIS);
  }

  /** The same, one node of those that share this Redis and prefix. */
  public static TestRelay startWithOpaqueTokens(URI laravel, TestRedis redis, String prefix) {
    return startWithOpaqueTokens(laravel, shared(redis, prefix));
  }

  private static TestRelay startWithOpaqueTokens(URI laravel, RedisConfig redis) {
    return start(
        AuthConfig.Mode.LARAVEL,
        Duration.ofSeconds(25),
        Duration.ofSeconds(20),
        new LaravelConfig(Optional.of(laravel), "/broadcasting/auth", Duration.ofSeconds(10)),
        NO_WEBHOOKS,
        redis);
  }

  private static RedisConfig shared(TestRedis redis, String prefix) {
    return new RedisConfig(
        Optional.of(new Secret(redis.url())), prefix, List.of("laravel_database_"), 256);
  }

  private static TestRelay start(
      Duration pingInterval,
      Duration pingTimeout,
      LaravelConfig laravel,
      WebhookConfig webhooks,
      RedisConfig redis) {
    return start(AuthConfig.Mode.NONE, pingInterval, pingTimeout, laravel, webhooks, redis);
  }

  private static TestRelay start(
      AuthConfig.Mode auth,
      Duration pingInterval,
      Duration pingTimeout,
      LaravelConfig laravel,
      WebhookConfig webhooks,
      RedisConfig redis) {
    try {
      TestRelay relay =
          new TestRelay(
              RelayApp.start(config(auth, pingInterval, pingTimeout, laravel, webhooks, redis)));
      relay.awaitReady();
      return relay;
    } catch (RelayApp.StartException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A relay starts whether its Redis is there or not. */
  private void awaitReady() {
    Awaitility.await("a relay that is ready")
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(5))
        .until(() -> get("/health/ready").statusCode() == 200);
  }

  private TestRelay(RelayApp app) {
    this.app = app;
  }

  private static RelayConfig config(
      AuthConfig.Mode auth,
      Duration pingInterval,
      Duration pingTimeout,
      LaravelConfig laravel,
      WebhookConfig webhooks,
      RedisConfig redis) {
    return new RelayConfig(
        true,
        new SocketConfig(
            "127.0.0.1",
            0,
            pingInterval,
            pingTimeout,
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            1_000_000,
            16 << 20,
            10_000,
            List.of("*"),
            List.of()),
        new ApiConfig("127.0.0.1", 0, List.of(new Secret(KEY)), 1 << 20, 16 << 20),
        new AuthConfig(
            auth,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Duration.ZERO,
            "/api/user",
            Duration.ofMinutes(1)),
        laravel,
        webhooks,
        redis,
        new DeliveryConfig(0, 100, 1 << 20, 256 << 20),
        Duration.ofMillis(50),
        new LogConfig(LogConfig.Format.TEXT, LogConfig.Level.INFO));
  }

  public int socketPort() {
    return app.socketPort();
  }

  /** Where clients connect to. */
  public URI socketUrl() {
    return URI.create("http://127.0.0.1:" + app.socketPort());
  }

  /** Emits; the reply, whatever its status. */
  public HttpResponse<String> post(String json) {
    return postAsync(json).join();
  }

  /** Emits; the reply will come. */
  public CompletableFuture<HttpResponse<String>> postAsync(String json) {
    return http.sendAsync(
        request("/api/emit")
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(json))
            .build(),
        BodyHandlers.ofString());
  }

  /** Emits many. */
  public HttpResponse<String> postBatch(String json) {
    return send(
        request("/api/emit/batch")
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(json)));
  }

  /**
   * Asks until the answer is not 503: to the relay, a machine that stands still is a Redis away.
   */
  public static HttpResponse<String> patiently(Supplier<HttpResponse<String>> ask) {
    long until = System.nanoTime() + PATIENCE.toNanos();
    HttpResponse<String> reply = ask.get();
    while (reply.statusCode() == 503 && System.nanoTime() < until) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
      reply = ask.get();
    }
    return reply;
  }

  /** The body of a reply that must be 200. */
  public static JsonNode json(HttpResponse<String> reply) {
    if (reply.statusCode() != 200) {
      throw new AssertionError(reply.statusCode() + " " + reply.body());
    }
    return JsonMapper.shared().readTree(reply.body());
  }

  /** Emits; the body of a reply that must be 200. */
  public JsonNode emit(String json) {
    return json(post(json));
  }

  public HttpResponse<String> get(String path) {
    return send(request(path));
  }

  public HttpResponse<String> put(String path, String json) {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .PUT(BodyPublishers.ofString(json)));
  }

  /** A POST without a body. */
  public HttpResponse<String> post(URI path) {
    return send(request(path.toString()).POST(BodyPublishers.noBody()));
  }

  public HttpResponse<String> delete(String path) {
    return send(request(path).DELETE());
  }

  /** The value of a metric's first series whose name and tags begin so; 0 if there is none. */
  public double metric(String start) {
    return get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(start))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .findFirst()
        .orElse(0);
  }

  private HttpRequest.Builder request(String path) {
    URI uri = URI.create("http://127.0.0.1:" + app.apiPort() + path);
    return HttpRequest.newBuilder(uri).header("Authorization", "Bearer " + KEY);
  }

  private HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      return http.send(request.timeout(Duration.ofSeconds(15)).build(), BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    app.close();
    http.close();
  }
}
