package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.LaravelHooks;
import dev.laravelrelay.testing.LoopbackHttp;
import dev.laravelrelay.testing.RawClient;
import dev.laravelrelay.testing.StockClient;
import dev.laravelrelay.testing.StockClient.Transports;
import dev.laravelrelay.testing.TestRelay;
import io.socket.client.Ack;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.json.JSONException;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** A phone says it, the other phone hears it, Laravel learns it. */
@Timeout(60)
class CallsTest {

  private static final String[] HEARD = {
    "call:incoming",
    "call:accepted",
    "call:rejected",
    "call:cancelled",
    "call:ended",
    "call:handled",
    "call:error",
    "chat:message"
  };

  private static LaravelHooks laravel;
  private static TestRelay relay;
  private static int calls;

  private final String callId = "c-" + ++calls;
  private final String anna = "anna-" + calls;
  private final String ben = "ben-" + calls;

  @BeforeAll
  static void start() throws Exception {
    laravel = new LaravelHooks();
    relay = TestRelay.start(laravel.config(Duration.ofMillis(300), "typing", "chat:*"));
  }

  @AfterAll
  static void stop() {
    relay.close();
    laravel.close();
  }

  @BeforeEach
  void laravelIsWell() {
    laravel.answer(LoopbackHttp.json(200, "{}"));
  }

  private StockClient phone(String user) {
    return phone(relay, user);
  }

  private static StockClient phone(TestRelay relay, String user) {
    return new StockClient(relay.socketUrl(), Transports.WEBSOCKET, user, HEARD).connect();
  }

  private void announce() {
    String body = "{\"caller\":\"%s\",\"receiver\":\"%s\",\"ttl\":60}".formatted(anna, ben);
    assertEquals(201, relay.put("/api/calls/" + callId, body).statusCode());
  }

  private static JSONObject json(String key, Object value) {
    try {
      return new JSONObject().put(key, value);
    } catch (JSONException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private JSONObject thisCall() {
    return json("callId", callId);
  }

  private static JSONObject first(List<StockClient.Heard> heard) {
    return (JSONObject) heard.getFirst().args().getFirst();
  }

  private static JSONObject ask(StockClient phone, String event, JSONObject payload)
      throws Exception {
    CompletableFuture<JSONObject> acked = new CompletableFuture<>();
    phone.socket().emit(event, new Object[] {payload}, ack(acked));
    return acked.get(10, TimeUnit.SECONDS);
  }

  private static Ack ack(CompletableFuture<JSONObject> acked) {
    return args -> acked.complete((JSONObject) args[0]);
  }

  private JsonNode told(String type, String field, String value) {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .until(
            () ->
                laravel.events(type).stream()
                    .filter(event -> event.at("/data/" + field).asString("").equals(value))
                    .findFirst(),
            java.util.Optional::isPresent)
        .orElseThrow();
  }

  @ParameterizedTest
  @EnumSource
  void aRejectWithoutAckReachesTheCallerAndLaravel(Transports transports) throws Exception {
    announce();
    try (StockClient caller = phone(anna);
        StockClient callee = new StockClient(relay.socketUrl(), transports, ben, HEARD).connect();
        StockClient tablet = phone(ben)) {
      callee.socket().emit("call:reject", thisCall());

      JSONObject rejected = first(caller.await("call:rejected", 1));
      assertEquals(callId, rejected.getString("callId"));
      assertEquals("User declined", rejected.getString("reason"));
      assertTrue(Math.abs(System.currentTimeMillis() - rejected.getLong("timestamp")) < 10_000);
      assertEquals(3, rejected.length());

      JSONObject handled = first(tablet.await("call:handled", 1));
      assertEquals("rejected", handled.getString("status"));
      assertEquals(callId, handled.getString("callId"));

      JsonNode told = told("call", "callId", callId);
      assertEquals("rejected", told.at("/data/status").asString());
      assertEquals(ben, told.at("/data/user").asString());
      assertEquals(anna, told.at("/data/caller").asString());
      assertEquals("sent", told.at("/data/verdict").asString());
      assertEquals(rejected.getLong("timestamp"), told.at("/data/timestamp").asLong());
      assertEquals(0, callee.count("call:handled"));
      assertEquals(0, callee.count("call:error"));
    }
  }

  @Test
  void anAckCarriesTheVerdict() throws Exception {
    announce();
    try (StockClient caller = phone(anna);
        StockClient callee = phone(ben)) {
      JSONObject sent = ask(callee, "call:accept", thisCall());
      assertTrue(sent.getBoolean("ok"));
      assertEquals("sent", sent.getString("verdict"));
      assertEquals(1, sent.getInt("sessions"));
      caller.await("call:accepted", 1);

      JSONObject late = ask(callee, "call:reject", thisCall());
      assertFalse(late.getBoolean("ok"));
      assertEquals("already_accepted", late.getString("code"));
      assertEquals(callId, late.getString("callId"));

      assertTrue(ask(caller, "call:end", thisCall().put("reason", "bye")).getBoolean("ok"));
      assertEquals("bye", first(callee.await("call:ended", 1)).getString("reason"));
      assertEquals("already_ended", ask(callee, "call:end", thisCall()).getString("code"));
      assertEquals(0, callee.count("call:error"));
      assertEquals(0, caller.count("call:rejected"));
    }
  }

  @Test
  void aPartyThatIsAwayHearsItWhenItComesBack() throws Exception {
    announce();
    try (StockClient callee = phone(ben)) {
      JSONObject held = ask(callee, "call:reject", thisCall());
      assertEquals("held", held.getString("verdict"));
      assertTrue(held.getLong("held_until") > System.currentTimeMillis() + 20_000);
    }
    try (StockClient caller = phone(anna)) {
      assertEquals(callId, first(caller.await("call:rejected", 1)).getString("callId"));
    }
  }

  @Test
  void aStrangerHearsAnErrorAndNobodyElseHearsAnything() throws Exception {
    announce();
    try (StockClient caller = phone(anna);
        StockClient stranger = phone("mallory-" + callId);
        StockClient callee = phone(ben)) {
      stranger.socket().emit("call:end", thisCall());
      JSONObject error = first(stranger.await("call:error", 1));
      assertEquals("not_party", error.getString("code"));
      assertEquals(callId, error.getString("callId"));

      caller.socket().emit("call:reject", thisCall());
      assertEquals("not_allowed", first(caller.await("call:error", 1)).getString("code"));

      assertEquals(
          "ringing", TestRelay.json(relay.get("/api/calls/" + callId)).get("status").asString());
      ask(callee, "call:reject", thisCall());
      caller.await("call:rejected", 1);
      assertEquals(0, caller.count("call:ended"));
      assertEquals(0, callee.count("call:ended") + callee.count("call:error"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "42[\"call:reject\"]",
        "42[\"call:reject\",\"c-1\"]",
        "42[\"call:reject\",{}]",
        "42[\"call:reject\",{\"callId\":1.5}]",
        "42[\"call:reject\",{\"callId\":\"\"}]",
        "42[\"call:reject\",{\"callId\":null}]",
        "42[\"call:reject\",{\"callId\":[\"c\"]}]",
        "42[\"call:reject\",{\"callId\":\"c\",\"reason\":7}]"
      })
  void whatIsMalformedIsInvalid(String frame) {
    try (RawClient phone = RawClient.socketIo(relay.socketUrl(), Map.of("token", ben))) {
      phone.send(frame);
      Awaitility.await().until(() -> !phone.events("call:error").isEmpty());
      assertTrue(phone.events("call:error").toString().contains("\"invalid\""));
    }
  }

  @Test
  void aNumberNamesTheSameCallAndComesBackAsANumber() throws Exception {
    String number = Integer.toString(700_000 + calls);
    String body = "{\"caller\":\"%s\",\"receiver\":\"%s\"}".formatted(anna, ben);
    assertEquals(201, relay.put("/api/calls/" + number, body).statusCode());
    try (StockClient caller = phone(anna);
        StockClient callee = phone(ben)) {
      callee.socket().emit("call:reject", json("callId", Integer.valueOf(number)));
      assertEquals(Integer.valueOf(number), first(caller.await("call:rejected", 1)).get("callId"));
    }
  }

  @Test
  void anEmitRingsAndAnnouncesTheCall() throws Exception {
    try (StockClient caller = phone(anna);
        StockClient callee = phone(ben)) {
      relay.emit(
          """
          {"user":"%s","event":"call:incoming","data":{"callId":"%s"},"hold":30,
           "call":{"caller":"%s","receiver":"%s","ttl":60}}
          """
              .formatted(ben, callId, anna, ben));
      callee.await("call:incoming", 1);
      caller.socket().emit("call:cancel", thisCall());
      assertEquals(
          "Caller cancelled", first(callee.await("call:cancelled", 1)).getString("reason"));
    }
  }

  @Test
  void aPlainClientSpeaksToo() {
    announce();
    try (StockClient caller = phone(anna);
        RawClient callee = RawClient.plain(relay.socketUrl(), "token=" + ben)) {
      String reject = "{\"event\":\"call:reject\",\"data\":{\"callId\":\"" + callId + "\"}}";
      callee.send(reject);
      caller.await("call:rejected", 1);
      callee.send(reject);
      Awaitility.await()
          .until(() -> callee.frames().stream().anyMatch(f -> f.contains("already_rejected")));
      assertEquals(1, caller.count("call:rejected"));
    }
  }

  @Test
  void laravelDecidesOnACallThatTheRelayDoesNotKnow() throws Exception {
    String decision =
        """
        {"emit":[{"user":"%s","event":"call:rejected","data":{"callId":"%s","n":1.50}},
                 {"user":"%s"},
                 {"user":"%s","event":"call:handled"}],
         "ack":{"ok":true,"by":"laravel"}}
        """
            .formatted(anna, callId, anna, anna);
    laravel.answer(
        exchange -> {
          boolean asked = LoopbackHttp.answered().body().contains("client_event");
          LoopbackHttp.json(200, asked ? decision : "{}").to(exchange);
        });
    try (StockClient caller = phone(anna);
        StockClient callee = phone(ben)) {
      double invalid = relay.metric("relay_webhook_emits_total{result=\"invalid\"");
      JSONObject ack = ask(callee, "call:reject", thisCall().put("reason", "busy"));
      assertEquals("laravel", ack.getString("by"));
      assertEquals(callId, first(caller.await("call:rejected", 1)).getString("callId"));
      caller.await("call:handled", 1);
      assertEquals(invalid + 1, relay.metric("relay_webhook_emits_total{result=\"invalid\""));

      JsonNode told = told("client_event", "user", ben);
      assertEquals("call:reject", told.at("/data/event").asString());
      assertEquals(callId, told.at("/data/data/callId").asString());
      assertEquals("busy", told.at("/data/data/reason").asString());
      assertEquals(callee.socket().id(), told.at("/data/socket_id").asString());
    }
  }

  @Test
  void onlyTheEventsThatLaravelWantsGoToIt() throws Exception {
    try (StockClient phone = phone(ben)) {
      double ignored = relay.metric("relay_client_events_ignored_total");
      phone.socket().emit("secret", json("n", 1));
      phone.socket().emit("call:unheard", json("n", 1));
      assertTrue(ask(phone, "typing", json("n", 2)).getBoolean("ok"));
      assertTrue(ask(phone, "chat:message", json("n", 3)).getBoolean("ok"));

      List<JsonNode> told =
          laravel.events("client_event").stream()
              .filter(event -> event.at("/data/user").asString().equals(ben))
              .toList();
      assertEquals(
          List.of("typing", "chat:message"),
          told.stream().map(event -> event.at("/data/event").asString()).toList());
      assertEquals(ignored + 2, relay.metric("relay_client_events_ignored_total"));
    }
  }

  @Test
  void aLaravelThatHangsKeepsTheAckNoLongerThanTwoSeconds() throws Exception {
    CountDownLatch answered = new CountDownLatch(1);
    laravel.answer(
        exchange -> {
          answered.await();
          LoopbackHttp.json(200, "{\"ack\":{\"late\":true}}").to(exchange);
        });
    announce();
    try (StockClient caller = phone(anna);
        StockClient callee = phone(ben)) {
      long start = System.nanoTime();
      assertEquals("queued", ask(callee, "typing", json("n", 1)).getString("verdict"));
      long waited = Duration.ofNanos(System.nanoTime() - start).toMillis();
      assertTrue(waited >= 1_900 && waited < 9_000, () -> waited + " ms");

      callee.socket().emit("call:reject", thisCall());
      caller.await("call:rejected", 1);
    } finally {
      answered.countDown();
    }
  }

  @Test
  void whoSaysTooMuchIsLimited() {
    try (StockClient phone = phone(ben)) {
      for (int i = 0; i < 200; i++) {
        phone.socket().emit("call:reject", json("reason", i));
      }
      phone.await("call:error", 200);
      List<String> codes =
          phone.heard("call:error").stream()
              .map(heard -> ((JSONObject) heard.args().getFirst()).optString("code"))
              .toList();
      assertTrue(codes.subList(0, 40).stream().allMatch("invalid"::equals), codes::toString);
      assertTrue(codes.contains("rate_limited"), codes::toString);
      assertTrue(relay.metric("relay_client_events_limited_total{limit=\"session\"") >= 1);
    }
  }

  @Test
  void aReconnectIsSilenceAndALeaveIsNot() throws Exception {
    try (LaravelHooks patient = new LaravelHooks();
        TestRelay other = TestRelay.start(patient.config(Duration.ofSeconds(5)))) {
      phone(other, anna).close();
      try (StockClient back = phone(other, anna)) {
        assertTrue(back.socket().connected());
        patient.await("user_online", 1);
      }
      assertEquals(1, patient.await("user_offline", 1).size());
      assertEquals(1, patient.events("user_online").size());
    }
  }

  @ParameterizedTest
  @CsvSource({"1, user_online", "0, user_offline"})
  void presenceCarriesTheTimeAtWhichItWas(int connected, String type) {
    StockClient phone = phone(anna);
    if (connected == 0) {
      phone.close();
    }
    JsonNode told = told(type, "user", anna);
    assertEquals(told.get("occurred_at").asLong(), told.at("/data/timestamp").asLong());
    phone.close();
  }

  @Test
  void anEventWhoseHoldEndsIsTold() {
    relay.emit(
        "{\"user\":\"%s\",\"event\":\"call:incoming\",\"hold\":1,\"id\":\"%s\"}"
            .formatted(ben, callId));
    assertEquals(
        "call:incoming", told("event_expired", "event_id", callId).at("/data/event").asString());
  }
}
