package dev.laravelrelay.testing;

import dev.laravelrelay.call.CallDirectory;
import dev.laravelrelay.call.CallEmitter;
import dev.laravelrelay.call.MemoryCallDirectory;
import dev.laravelrelay.config.ApiConfig;
import dev.laravelrelay.config.DeliveryConfig;
import dev.laravelrelay.config.Secret;
import dev.laravelrelay.delivery.Backlog;
import dev.laravelrelay.delivery.Backplane;
import dev.laravelrelay.delivery.Backplane.Published;
import dev.laravelrelay.delivery.Backplane.Reach;
import dev.laravelrelay.delivery.Emitter;
import dev.laravelrelay.delivery.Logouts;
import dev.laravelrelay.delivery.MemoryEmittedIds;
import dev.laravelrelay.delivery.MemoryHeldEvents;
import dev.laravelrelay.delivery.MemoryWebhookQueue;
import dev.laravelrelay.delivery.Presence;
import dev.laravelrelay.delivery.Receipts;
import dev.laravelrelay.delivery.WebhookQueue;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.EventCodec;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.http.ApiServer;
import dev.laravelrelay.lifecycle.Readiness;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.session.SessionRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/** The real API with the real emitter on a free port, over a backplane that notes and answers. */
public final class TestApi implements AutoCloseable, Backplane {

  public static final String KEY = "k".repeat(32);
  public static final int MAX_EMIT = 1 << 20;
  public static final int MAX_BATCH = 16 << 20;

  public final List<Event> published = new CopyOnWriteArrayList<>();
  public final Readiness readiness = new Readiness();
  public final SessionRegistry sessions = new SessionRegistry();
  public final CallDirectory calls;
  public final WebhookQueue webhooks;
  public final ApiServer server;
  public final MemoryHeldEvents held;
  public final Backlog backlog;
  private final HttpClient client = HttpClient.newHttpClient();

  /** What becomes of an event; to be replaced. */
  public volatile Function<Event, CompletionStage<Published>> fate =
      event -> CompletableFuture.completedFuture(new Published.Done(nobody(event)));

  public TestApi() {
    this(Backlog::new);
  }

  /** With a backlog of its own. */
  public TestApi(Function<RelayMetrics, Backlog> backlogOf) {
    DeliveryConfig delivery = new DeliveryConfig(0, 100, 1_000_000, 10_000_000);
    RelayMetrics metrics = new RelayMetrics(new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
    held = new MemoryHeldEvents(delivery, metrics, System::currentTimeMillis);
    backlog = backlogOf.apply(metrics);
    Emitter emitter =
        new Emitter(
            this, new Receipts(held, metrics), new MemoryEmittedIds(metrics, System::nanoTime));
    calls = new MemoryCallDirectory(metrics, InstantSource.system());
    webhooks = new MemoryWebhookQueue(100, metrics, InstantSource.system());
    server =
        new ApiServer(
            new ApiConfig("127.0.0.1", 0, List.of(new Secret(KEY)), MAX_EMIT, MAX_BATCH),
            new EventCodec(delivery, InstantSource.system()),
            new CallEmitter(calls, emitter, backlog),
            calls,
            webhooks,
            sessions,
            Presence.of(sessions),
            Logouts.singleNode(),
            held,
            readiness,
            metrics,
            () -> Map.of("backplane", "test"));
    server.start();
  }

  private static List<Reach> nobody(Event event) {
    boolean held = event.terms().holdSeconds() > 0;
    return switch (event.target()) {
      case Target.User(String user) -> List.of(new Reach(user, 0, held));
      case Target.Users(List<String> users) ->
          users.stream().map(user -> new Reach(user, 0, held)).toList();
      case Target.Channels _, Target.Socket _, Target.Everyone _ ->
          List.of(new Reach("", 0, false));
    };
  }

  @Override
  public CompletionStage<Published> publish(Event event) {
    published.add(event);
    return fate.apply(event);
  }

  public URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.port() + path);
  }

  /** A request with the key. */
  public HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(uri(path)).header("Authorization", "Bearer " + KEY);
  }

  public HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return send(request(path));
  }

  public HttpResponse<String> post(String path, byte[] body)
      throws IOException, InterruptedException {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofByteArray(body)));
  }

  public HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  @Override
  public void close() {
    server.close();
    client.close();
  }
}
