package dev.laravelrelay.delivery;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.laravelrelay.event.Target;
import dev.laravelrelay.testing.TestApi;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.stream.StreamSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Batches that come faster than the event loops deliver. */
@Timeout(30)
class CrowdedBatchTest {

  private static final Target ONE = new Target.User("1");
  private static final String BATCH =
      "[{\"user\":1,\"event\":\"a\"},{\"channel\":\"c\",\"event\":\"b\"}]";

  private static List<Integer> statuses(TestApi api) throws IOException, InterruptedException {
    String answer = api.post("/api/emit/batch", BATCH.getBytes(UTF_8)).body();
    JsonNode results = JsonMapper.shared().readTree(answer).get("results");
    return StreamSupport.stream(results.spliterator(), false)
        .map(result -> result.get("status").asInt())
        .toList();
  }

  private static boolean isWaiting(TestApi api) throws IOException, InterruptedException {
    return api.get("/metrics").body().contains("relay_backlog_awaited_total 1.0");
  }

  private static List<String> published(TestApi api) {
    return api.published.stream().map(event -> event.name()).toList();
  }

  @Test
  void aBatchWaitsForRoomAndKeepsItsOrder() throws Exception {
    Duration longer = Duration.ofMinutes(1);
    try (TestApi api = new TestApi(metrics -> new Backlog(metrics, longer))) {
      api.backlog.add(ONE, Backlog.MAX_BYTES);
      FutureTask<List<Integer>> statuses = new FutureTask<>(() -> statuses(api));
      Thread.ofVirtual().start(statuses);
      Awaitility.await().until(() -> isWaiting(api));
      api.backlog.delivered(ONE, Backlog.MAX_BYTES);
      assertEquals(List.of(200, 200), statuses.get());
      assertEquals(List.of("a", "b"), published(api));
    }
  }

  @Test
  void whatHasNoRoomEvenThenIsRefusedAlone() throws Exception {
    try (TestApi api = new TestApi()) {
      api.backlog.add(ONE, Backlog.MAX_BYTES);
      assertEquals(List.of(429, 200), statuses(api));
      assertEquals(List.of("b"), published(api));
    }
  }
}
