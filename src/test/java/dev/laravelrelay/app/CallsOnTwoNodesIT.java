package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.config.WebhookConfig;
import dev.laravelrelay.testing.StockClient;
import dev.laravelrelay.testing.StockClient.Transports;
import dev.laravelrelay.testing.TestRedis;
import dev.laravelrelay.testing.TestRelay;
import io.socket.client.Ack;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.json.JSONException;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A call is one call, on whatever node its parties and Laravel are. */
@Timeout(120)
class CallsOnTwoNodesIT {

  private static final String[] HEARD = {
    "call:incoming",
    "call:accepted",
    "call:rejected",
    "call:cancelled",
    "call:handled",
    "call:error"
  };

  /** Nobody is limited, and there is no Laravel. */
  private static final WebhookConfig UNLIMITED =
      new WebhookConfig(
          Optional.empty(), List.of(), 100, Duration.ofSeconds(10), List.of(), 10_000, 10_000, 30);

  private static TestRedis redis;
  private static TestRelay a;
  private static TestRelay b;

  @BeforeAll
  static void start() {
    redis = TestRedis.start();
    a = TestRelay.start(redis, "calls:", UNLIMITED);
    b = TestRelay.start(redis, "calls:", UNLIMITED);
  }

  @AfterAll
  static void stop() {
    a.close();
    b.close();
    redis.close();
  }

  private static StockClient phone(TestRelay node, String user) {
    return new StockClient(node.socketUrl(), Transports.WEBSOCKET, user, HEARD).connect();
  }

  private static void announce(TestRelay node, String callId, String caller, String receiver) {
    String body = "{\"caller\":\"%s\",\"receiver\":\"%s\"}".formatted(caller, receiver);
    var reply = TestRelay.patiently(() -> node.put("/api/calls/" + callId, body));
    assertEquals(2, reply.statusCode() / 100, reply.body());
  }

  private static String status(TestRelay node, String callId) {
    return TestRelay.json(TestRelay.patiently(() -> node.get("/api/calls/" + callId)))
        .get("status")
        .asString();
  }

  private static JSONObject call(String callId) {
    try {
      return new JSONObject().put("callId", callId);
    } catch (JSONException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static CompletableFuture<JSONObject> emit(
      StockClient phone, String event, String callId) {
    CompletableFuture<JSONObject> acked = new CompletableFuture<>();
    Ack ack = args -> acked.complete((JSONObject) args[0]);
    phone.socket().emit(event, new Object[] {call(callId)}, ack);
    return acked;
  }

  /** The calls of which a listener of these events heard, in order. */
  private static List<String> calls(StockClient phone, String... events) {
    List<String> calls = new ArrayList<>();
    for (String event : events) {
      phone
          .heard(event)
          .forEach(heard -> calls.add(((JSONObject) heard.args().getFirst()).optString("callId")));
    }
    return calls;
  }

  @Test
  void oneOfTwoRacingSignalsOnTwoNodesWinsAndEverybodyHearsTheSame() throws Exception {
    int accepted = 0;
    try (StockClient caller = phone(a, "anna");
        StockClient callee = phone(b, "ben");
        StockClient tablet = phone(a, "ben")) {
      for (int round = 0; round < 100; round++) {
        String callId = "race-" + round;
        announce(round % 2 == 0 ? a : b, callId, "anna", "ben");
        boolean cancelFirst = round / 2 % 2 == 0; // each client has a thread of its own
        CompletableFuture<JSONObject> first =
            cancelFirst ? emit(caller, "call:cancel", callId) : emit(callee, "call:accept", callId);
        CompletableFuture<JSONObject> second =
            cancelFirst ? emit(callee, "call:accept", callId) : emit(caller, "call:cancel", callId);
        JSONObject cancel = (cancelFirst ? first : second).get(20, TimeUnit.SECONDS);
        JSONObject accept = (cancelFirst ? second : first).get(20, TimeUnit.SECONDS);

        assertNotEquals(cancel.getBoolean("ok"), accept.getBoolean("ok"), callId);
        boolean wasAccepted = accept.getBoolean("ok");
        String status = wasAccepted ? "accepted" : "cancelled";
        assertEquals("already_" + status, (wasAccepted ? cancel : accept).getString("code"));
        assertEquals(status, status(a, callId));
        assertEquals(status, status(b, callId));
        accepted += wasAccepted ? 1 : 0;
      }
      int cancelled = 100 - accepted;
      caller.await("call:accepted", accepted);
      callee.await("call:cancelled", cancelled);
      tablet.await("call:cancelled", cancelled);
      tablet.await("call:handled", accepted);
      assertEquals(calls(callee, "call:cancelled"), calls(tablet, "call:cancelled"));
      assertEquals(calls(caller, "call:accepted"), calls(tablet, "call:handled"));
      assertEquals(accepted, caller.count("call:accepted"));
      assertEquals(cancelled, callee.count("call:cancelled"));
      assertEquals(0, caller.count("call:error") + callee.count("call:error"));
    }
  }

  @Test
  void anEmitOnOneNodeRingsAndTheAnswerComesFromTheOther() throws Exception {
    try (StockClient caller = phone(a, "c-1");
        StockClient callee = phone(b, "c-2");
        StockClient tablet = phone(a, "c-2")) {
      a.emit(
          """
          {"user":"c-2","event":"call:incoming","data":{"callId":"ring-1"},"hold":30,
           "call":{"caller":"c-1","receiver":"c-2","ttl":86400}}
          """);
      callee.await("call:incoming", 1);
      JSONObject ack = emit(callee, "call:reject", "ring-1").get(10, TimeUnit.SECONDS);
      assertEquals("sent", ack.getString("verdict"));
      caller.await("call:rejected", 1);
      tablet.await("call:handled", 1);
      assertEquals(List.of("ring-1"), calls(caller, "call:rejected"));
      assertEquals(
          "already_rejected",
          emit(tablet, "call:accept", "ring-1").get(10, TimeUnit.SECONDS).getString("code"));
      assertTrue(
          TestRelay.json(b.get("/api/calls/ring-1")).get("expires_at").asLong()
              <= System.currentTimeMillis() + Duration.ofMinutes(11).toMillis());
    }
  }

  @Test
  void aPartyThatIsAwayHearsItOnAnyNodeWhenItComesBack() throws Exception {
    announce(a, "away-1", "w-1", "w-2");
    try (StockClient callee = phone(b, "w-2")) {
      JSONObject held = emit(callee, "call:reject", "away-1").get(10, TimeUnit.SECONDS);
      assertEquals("held", held.getString("verdict"));
    }
    try (StockClient caller = phone(a, "w-1")) {
      caller.await("call:rejected", 1);
      assertEquals(List.of("away-1"), calls(caller, "call:rejected"));
    }
  }

  @Test
  void aStrangerOnTheOtherNodeMovesNothing() throws Exception {
    announce(a, "own-1", "o-1", "o-2");
    try (StockClient caller = phone(a, "o-1");
        StockClient stranger = phone(b, "o-3")) {
      assertEquals(
          "not_party",
          emit(stranger, "call:end", "own-1").get(10, TimeUnit.SECONDS).getString("code"));
      assertEquals(
          "unknown_call",
          emit(stranger, "call:end", "own-2").get(10, TimeUnit.SECONDS).getString("code"));
      assertEquals("ringing", status(b, "own-1"));
      assertEquals(0, caller.count("call:rejected") + caller.count("call:error"));
    }
  }

  @Test
  void theApiOfEachNodeKnowsTheSameCalls() {
    announce(a, "api-1", "1", "2");
    assertEquals("ringing", status(b, "api-1"));
    String others = "{\"caller\":2,\"receiver\":1}";
    assertEquals(409, b.put("/api/calls/api-1", others).statusCode());
    assertEquals(200, b.delete("/api/calls/api-1").statusCode());
    assertEquals(404, a.get("/api/calls/api-1").statusCode());
    assertEquals(404, a.delete("/api/calls/api-1").statusCode());
  }

  @Test
  void withoutRedisEveryAnswerIsClearAndAllGoesOnOnceItIsBack() throws Exception {
    TestRedis own = TestRedis.start();
    try (own;
        TestRelay node = TestRelay.start(own, "away:", UNLIMITED);
        StockClient callee = phone(node, "2")) {
      announce(node, "c-1", "1", "2");
      own.kill();
      String body = "{\"caller\":1,\"receiver\":2}";
      assertEquals(503, node.put("/api/calls/c-2", body).statusCode());
      assertEquals("1", node.get("/api/calls/c-1").headers().firstValue("Retry-After").orElse(""));
      assertEquals(503, node.delete("/api/calls/c-1").statusCode());
      assertEquals(
          "unavailable",
          emit(callee, "call:reject", "c-1").get(10, TimeUnit.SECONDS).getString("code"));
      callee.socket().emit("call:reject", call("c-1"));
      callee.await("call:error", 1);

      own.restart();
      announce(node, "c-3", "1", "2");
      assertTrue(emit(callee, "call:reject", "c-3").get(10, TimeUnit.SECONDS).getBoolean("ok"));
    }
  }
}
