package dev.laravelrelay.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.laravelrelay.delivery.HeldEvents;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.metrics.RelayMetrics;
import io.javalin.Javalin;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class HeldRoutesTest {

  @ParameterizedTest
  @ValueSource(strings = {"GET", "DELETE"})
  void whatCannotBeReachedIsToBeAskedAgain(String method) throws Exception {
    ApiErrors errors = new ApiErrors(new RelayMetrics(new SimpleMeterRegistry()));
    HeldRoutes routes = new HeldRoutes(new Away(), errors, InstantSource.system(), Runnable::run);
    Javalin javalin =
        Javalin.create(
            config -> {
              config.startup.showJavalinBanner = false;
              routes.addTo(config.routes);
            });
    javalin.start("127.0.0.1", 0);
    try (HttpClient client = HttpClient.newHttpClient()) {
      URI uri = URI.create("http://127.0.0.1:" + javalin.port() + "/api/users/42/held");
      HttpResponse<String> answer =
          client.send(
              HttpRequest.newBuilder(uri).method(method, BodyPublishers.noBody()).build(),
              BodyHandlers.ofString());
      assertEquals(503, answer.statusCode());
      assertEquals("1", answer.headers().firstValue("Retry-After").orElse(""));
      assertEquals(
          "{\"message\":\"The held events cannot be reached now; ask again.\"}", answer.body());
    } finally {
      javalin.stop();
    }
  }

  private static final class Away implements HeldEvents {

    @Override
    public CompletionStage<Boolean> hold(String user, Event event) {
      return away();
    }

    @Override
    public CompletionStage<List<Event>> of(String user) {
      return away();
    }

    @Override
    public CompletionStage<Void> release(String user, String eventId) {
      return away();
    }

    @Override
    public CompletionStage<Integer> drop(String user) {
      return away();
    }

    private static <T> CompletionStage<T> away() {
      return CompletableFuture.failedFuture(new IllegalStateException("away"));
    }
  }
}
