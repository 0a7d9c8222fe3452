package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.laravelrelay.config.WebhookConfig;
import dev.laravelrelay.testing.LaravelHooks;
import dev.laravelrelay.testing.LoopbackHttp;
import dev.laravelrelay.testing.StockClient;
import dev.laravelrelay.testing.StockClient.Transports;
import dev.laravelrelay.testing.TestRedis;
import dev.laravelrelay.testing.TestRelay;
import io.socket.client.Ack;
import java.net.URI;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** Laravel hears each fact, whatever node it comes from and whatever becomes of that. */
@Timeout(120)
class WebhooksOnTwoNodesIT {

  /** Longer than a loaded machine takes to connect. */
  private static final Duration GRACE = Duration.ofSeconds(5);

  private static TestRedis redis;

  private final String prefix = UUID.randomUUID() + ":";
  private LaravelHooks laravel;
  private TestRelay a;
  private TestRelay b;

  @BeforeAll
  static void startRedis() {
    redis = TestRedis.start();
  }

  @AfterAll
  static void stopRedis() {
    redis.close();
  }

  @BeforeEach
  void start() throws Exception {
    laravel = new LaravelHooks();
    a = node(GRACE);
    b = node(GRACE);
  }

  @AfterEach
  void stop() {
    a.close();
    b.close();
    laravel.close();
  }

  private TestRelay node(Duration grace) {
    WebhookConfig config = laravel.config(grace, "typing");
    return TestRelay.start(redis, prefix, config);
  }

  private static StockClient phone(TestRelay node, String user) {
    return new StockClient(node.socketUrl(), Transports.WEBSOCKET, user, "call:rejected").connect();
  }

  private List<String> presence() {
    return laravel.requests().stream()
        .flatMap(request -> LaravelHooks.eventsOf(request).stream())
        .filter(event -> event.get("type").asString().startsWith("user_"))
        .map(event -> event.get("type").asString() + " " + event.at("/data/user").asString())
        .toList();
  }

  /** By user: facts about different users come in any order. */
  private static final Comparator<String> BY_USER =
      Comparator.comparing(fact -> fact.substring(fact.indexOf(' ')));

  /** What Laravel has heard of each user, user by user. */
  private void awaitPresence(String... all) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> assertEquals(List.of(all), presence().stream().sorted(BY_USER).toList()));
  }

  @Test
  void aUserWhoMovesToAnotherNodeIsSilence() {
    StockClient onA = phone(a, "1");
    awaitPresence("user_online 1");
    long left = System.nanoTime();
    onA.close();
    StockClient onB = phone(b, "1");
    assumeTrue(System.nanoTime() - left < GRACE.toNanos() / 2, "this machine is too slow");
    try (StockClient witness = phone(a, "2")) {
      awaitPresence("user_online 1", "user_online 2");
      witness.close();
      awaitPresence("user_online 1", "user_online 2", "user_offline 2");
    }
    onB.close();
    awaitPresence("user_online 1", "user_offline 1", "user_online 2", "user_offline 2");
  }

  @Test
  void aNodeThatStopsLeavesItsUsersToTheOther() {
    try (StockClient before = phone(a, "1");
        StockClient leaves = phone(a, "2")) {
      awaitPresence("user_online 1", "user_online 2");
      leaves.socket().io().reconnection(false);
      before.socket().io().reconnection(false);
      StockClient moved = phone(b, "1");
      a.close();
      awaitPresence("user_online 1", "user_online 2", "user_offline 2");
      assertTrue(moved.socket().connected());
      moved.socket().io().reconnection(false);
      b.close();
    }
    assertEquals("user_offline 1", presence().getLast());
    assertEquals(4, presence().size());
  }

  @Test
  void eachSignalOnWhateverNodeIsToldOnceAndInOrder() {
    try (StockClient caller = phone(a, "1");
        StockClient callee = phone(b, "2")) {
      for (int i = 0; i < 15; i++) {
        String call = "{\"caller\":1,\"receiver\":2}";
        assertEquals(201, (i % 2 == 0 ? a : b).put("/api/calls/c-" + i, call).statusCode());
        callee.socket().emit("call:accept", call(i));
      }
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> statuses().stream().filter(one -> one.endsWith("accepted")).count() == 15);
      for (int i = 0; i < 15; i++) {
        caller.socket().emit("call:end", call(i));
      }
      List<JsonNode> told = laravel.await("call", 30);
      assertEquals(30, told.stream().map(event -> event.get("id").asString()).distinct().count());
      for (int i = 0; i < 15; i++) {
        String id = "c-" + i + " ";
        assertEquals(
            List.of(id + "accepted", id + "ended"),
            statuses().stream().filter(one -> one.startsWith(id)).toList());
      }
      assertEquals(30, laravel.events("call").size());
    }
  }

  private static JSONObject call(int number) {
    return new JSONObject(Map.of("callId", "c-" + number));
  }

  private List<String> statuses() {
    return laravel.events("call").stream()
        .map(
            event ->
                event.at("/data/callId").asString() + " " + event.at("/data/status").asString())
        .toList();
  }

  @Test
  void whatLaravelDidNotTakeSurvivesTheRestartOfAllNodes() {
    laravel.answer(LoopbackHttp.json(503, "{}"));
    phone(a, "1").close();
    Awaitility.await().until(() -> !laravel.requests().isEmpty());
    a.close();
    b.close();
    laravel.answer(LoopbackHttp.json(200, "{}"));
    int before = presence().size();
    try (TestRelay c = node(GRACE)) {
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> presence().size() >= before + 2);
      assertEquals(
          List.of("user_online 1", "user_offline 1"), presence().subList(before, before + 2));
      assertEquals(0, TestRelay.json(c.get("/api/webhooks/dead")).get("dead").size());
    }
  }

  @Test
  void theNodeThatAsksIsTheOneThatHearsTheAnswer() throws Exception {
    laravel.answer(
        LoopbackHttp.json(
            200,
            "{\"ack\":{\"by\":\"laravel\"},\"emit\":[{\"user\":2,\"event\":\"call:rejected\"}]}"));
    try (StockClient asks = phone(a, "1");
        StockClient alsoAsks = phone(b, "1");
        StockClient hears = phone(b, "2")) {
      awaitPresence("user_online 1", "user_online 2");
      int before = hears.count("call:rejected");
      int answered = 0;
      for (int i = 0; i < 30; i++) { // below what one client may send
        CompletableFuture<JSONObject> one = ask(asks, i);
        CompletableFuture<JSONObject> other = ask(alsoAsks, i);
        answered += one.get(20, TimeUnit.SECONDS).optString("by").equals("laravel") ? 1 : 0;
        answered += other.get(20, TimeUnit.SECONDS).optString("by").equals("laravel") ? 1 : 0;
      }
      assertTrue(answered >= 50, answered + " of 60 in time");
      hears.await("call:rejected", before + 60);
    }
    List<String> ids =
        laravel.events("client_event").stream().map(one -> one.get("id").asString()).toList();
    assertEquals(60, ids.stream().distinct().count());
  }

  private static CompletableFuture<JSONObject> ask(StockClient phone, int number) {
    CompletableFuture<JSONObject> acked = new CompletableFuture<>();
    Ack ack = args -> acked.complete((JSONObject) args[0]);
    Object[] data = {new JSONObject(Map.of("callId", "unknown-" + number))};
    phone.socket().emit("call:reject", data, ack);
    return acked;
  }

  @Test
  void aHeldEventThatNobodyFetchesIsToldOnce() {
    for (int user = 0; user < 20; user++) {
      String emit = "{\"user\":\"u%d\",\"event\":\"ring\",\"id\":\"e%d\",\"hold\":1}";
      (user % 2 == 0 ? a : b).emit(emit.formatted(user, user));
    }
    List<JsonNode> told = laravel.await("event_expired", 20);
    JsonNode one = told.getFirst().get("data");
    assertEquals("ring", one.get("event").asString());
    assertEquals(one.get("user").asString().replace('u', 'e'), one.get("event_id").asString());
    try (StockClient late = phone(a, "u1")) {
      awaitPresence("user_online u1");
      assertTrue(late.socket().connected());
    }
    assertEquals(20, laravel.events("event_expired").size());
    assertEquals(
        20, told.stream().map(event -> event.at("/data/event_id").asString()).distinct().count());
  }

  @Test
  void whileRedisIsAwaySignalsGoOnAndLaravelHearsOfThemLater() throws Exception {
    try (TestRedis own = TestRedis.start();
        TestRelay node = TestRelay.start(own, prefix, laravel.config(GRACE, "typing"));
        StockClient phone = phone(node, "7")) {
      awaitPresence("user_online 7");
      own.kill();
      long start = System.nanoTime();
      for (int i = 0; i < 10; i++) {
        phone.socket().emit("typing", new JSONObject(Map.of("n", i)));
      }
      assertEquals(503, node.get("/api/webhooks/dead").statusCode());
      assertEquals(503, node.post(URI.create("/api/webhooks/dead/retry")).statusCode());
      assertTrue(System.nanoTime() - start < Duration.ofSeconds(10).toNanos());
      Awaitility.await().until(() -> node.metric("relay_webhooks_unkept") == 10);
      own.restart();
      List<JsonNode> told = laravel.await("client_event", 10);
      assertEquals(
          List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
          told.stream().map(event -> event.at("/data/data/n").asInt()).distinct().toList());
      assertEquals(List.of("user_online 7"), presence());
    }
  }
}
