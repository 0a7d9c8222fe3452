package dev.laravelrelay.e2e.faults;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A backend that emits numbered events by HTTP and notes the replies. To one user it emits the next
 * when the last was answered: what was accepted first is first.
 */
final class Emits implements AutoCloseable {

  /**
   * What was said of one event.
   *
   * @param repliedAt {@link System#nanoTime()} when the reply was here
   */
  record Emitted(int number, int user, String verdict, double elapsedMillis, long repliedAt) {}

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final URI url;
  private final String key;
  private final int hold;
  private final List<CompletableFuture<?>> lastTo = new ArrayList<>();
  private final List<CompletableFuture<Emitted>> all =
      Collections.synchronizedList(new ArrayList<>());

  Emits(URI api, String key, int hold, int users) {
    this.url = api.resolve("/api/emit");
    this.key = key;
    this.hold = hold;
    for (int user = 0; user < users; user++) {
      lastTo.add(CompletableFuture.completedFuture(null));
    }
  }

  /** Emits the event; every third awaits a receipt. By one thread. */
  void emit(int number, int user) {
    int confirm = number % 3 == 0 ? 1500 : 0;
    String body =
        """
        {"user":"%d","event":"ring","data":{"n":%d},"hold":%d,"confirm":%d}"""
            .formatted(user, number, hold, confirm);
    HttpRequest request =
        HttpRequest.newBuilder(url)
            .header("Authorization", "Bearer " + key)
            .header("Content-Type", "application/json")
            .timeout(Duration.ofSeconds(10))
            .POST(BodyPublishers.ofString(body))
            .build();
    CompletableFuture<Emitted> emitted =
        lastTo
            .get(user)
            .thenCompose(before -> http.sendAsync(request, BodyHandlers.ofString()))
            .thenApply(reply -> emitted(number, user, reply));
    lastTo.set(user, emitted);
    all.add(emitted);
  }

  private static Emitted emitted(int number, int user, HttpResponse<String> reply) {
    long now = System.nanoTime();
    if (reply.statusCode() != 200) {
      throw new IllegalStateException(reply.statusCode() + " " + reply.body());
    }
    JsonNode body = JsonMapper.shared().readTree(reply.body());
    return new Emitted(
        number, user, body.get("verdict").asString(), body.path("elapsed_ms").asDouble(0), now);
  }

  /** All replies; waits for those that are under way, and throws if one failed. */
  List<Emitted> join() {
    return List.copyOf(all).stream().map(CompletableFuture::join).toList();
  }

  @Override
  public void close() {
    http.close();
  }
}
