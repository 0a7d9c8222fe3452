package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.laravelrelay.testing.LaravelHooks;
import dev.laravelrelay.testing.LoopbackHttp;
import dev.laravelrelay.testing.RelayChild;
import dev.laravelrelay.testing.StockClient;
import dev.laravelrelay.testing.StockClient.Transports;
import dev.laravelrelay.testing.TestRedis;
import dev.laravelrelay.testing.TestRelay;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** What a node was about to tell Laravel, and who was on it, when it is killed with SIGKILL. */
@Timeout(180)
class KilledNodeIT {

  private static final String PREFIX = "killed:";

  @Test
  void anotherNodeSendsItsWebhooksAndTellsThatItsUsersAreOffline() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    try (TestRedis redis = TestRedis.start();
        LaravelHooks laravel = new LaravelHooks()) {
      laravel.answer(
          exchange -> {
            over.await(60, TimeUnit.SECONDS);
            throw new IllegalStateException("never answered");
          });
      try (RelayChild killed = RelayChild.start(settings(redis, laravel));
          StockClient phone =
              new StockClient(killed.socketUrl(), Transports.WEBSOCKET, "7").connect()) {
        phone.socket().io().reconnection(false);
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> sent(laravel).size() == 1);
        killed.kill();
      }
      assertEquals(List.of("user_online 7"), sent(laravel));
      laravel.answer(LoopbackHttp.json(200, "{}"));
      try (TestRelay other =
          TestRelay.start(redis, PREFIX, laravel.config(Duration.ofSeconds(1)))) {
        Awaitility.await()
            .atMost(Duration.ofSeconds(60))
            .untilAsserted(
                () ->
                    assertEquals(
                        List.of("user_online 7", "user_online 7", "user_offline 7"),
                        sent(laravel)));
        List<JsonNode> online = laravel.events("user_online");
        assertEquals(online.get(0).get("id"), online.get(1).get("id"));
        JsonNode offline = laravel.events("user_offline").getFirst();
        assertNotEquals(online.getFirst().get("id"), offline.get("id"));
        Awaitility.await().until(() -> other.metric("relay_webhooks_queued") == 0);
      } finally {
        over.countDown();
      }
    }
  }

  private static Map<String, String> settings(TestRedis redis, LaravelHooks laravel) {
    return Map.of(
        "RELAY_AUTH",
        "none",
        "RELAY_REDIS_URL",
        redis.url(),
        "RELAY_REDIS_PREFIX",
        PREFIX,
        "RELAY_WEBHOOK_URL",
        laravel.url().toString(),
        "RELAY_WEBHOOK_SECRETS",
        LaravelHooks.SECRET,
        "RELAY_PRESENCE_GRACE",
        "1s");
  }

  private static List<String> sent(LaravelHooks laravel) {
    return laravel.requests().stream()
        .flatMap(request -> LaravelHooks.eventsOf(request).stream())
        .map(event -> event.get("type").asString() + " " + event.at("/data/user").asString())
        .toList();
  }
}
