package dev.laravelrelay.delivery;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.laravelrelay.event.Target;
import dev.laravelrelay.testing.TestApi;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.stream.StreamSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
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

  private final TestApi api = new TestApi();

  @AfterEach
  void close() {
    api.close();
  }

  private List<Integer> statuses() throws IOException, InterruptedException {
    String answer = api.post("/api/emit/batch", BATCH.getBytes(UTF_8)).body();
    JsonNode results = JsonMapper.shared().readTree(answer).get("results");
    return StreamSupport.stream(results.spliterator(), false)
        .map(result -> result.get("status").asInt())
        .toList();
  }

  private boolean isWaiting() throws IOException, InterruptedException {
    return api.get("/metrics").body().contains("relay_backlog_awaited_total 1.0");
  }

  @Test
  void aBatchWaitsForRoomAndKeepsItsOrder() throws Exception {
    api.backlog.add(ONE, Backlog.MAX_BYTES);
    FutureTask<List<Integer>> statuses = new FutureTask<>(this::statuses);
    Thread.ofVirtual().start(statuses);
    Awaitility.await().until(this::isWaiting);
    api.backlog.delivered(ONE, Backlog.MAX_BYTES);
    assertEquals(List.of(200, 200), statuses.get());
    assertEquals(List.of("a", "b"), api.published.stream().map(event -> event.name()).toList());
  }

  @Test
  void whatHasNoRoomEvenThenIsRefusedAlone() throws Exception {
    api.backlog.add(ONE, Backlog.MAX_BYTES);
    assertEquals(List.of(429, 200), statuses());
    assertEquals(List.of("b"), api.published.stream().map(event -> event.name()).toList());
  }
}
