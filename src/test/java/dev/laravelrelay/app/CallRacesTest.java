package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.LaravelHooks;
import dev.laravelrelay.testing.LoopbackHttp;
import dev.laravelrelay.testing.StockClient;
import dev.laravelrelay.testing.StockClient.Transports;
import dev.laravelrelay.testing.TestRelay;
import io.socket.client.Ack;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
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

/** Stock clients that speak at once, too much, or to a Laravel that takes its time. */
@Timeout(90)
class CallRacesTest {

  private static final int RACES = 30;
  private static final String[] HEARD = {
    "call:accepted", "call:rejected", "call:cancelled", "call:ended", "call:handled", "call:error"
  };

  private static LaravelHooks laravel;
  private static TestRelay relay;
  private static int stories;

  private final String story = "race-" + ++stories;
  private final String anna = "anna-" + story;
  private final String ben = "ben-" + story;

  @BeforeAll
  static void start() throws Exception {
    laravel = new LaravelHooks();
    relay = TestRelay.start(laravel.config(Duration.ofMillis(300), "chat:*"));
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

  private static StockClient phone(String user) {
    return new StockClient(relay.socketUrl(), Transports.WEBSOCKET, user, HEARD).connect();
  }

  private static JSONObject json(String key, Object value) {
    try {
      return new JSONObject().put(key, value);
    } catch (JSONException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** Emits when the other phone does; what the ack says. */
  private static CompletableFuture<JSONObject> ask(
      StockClient phone, String event, String call, CyclicBarrier together) {
    CompletableFuture<JSONObject> acked = new CompletableFuture<>();
    Thread.startVirtualThread(
        () -> {
          try {
            together.await(10, TimeUnit.SECONDS);
            Object[] payload = {json("callId", call)};
            phone.socket().emit(event, payload, (Ack) args -> acked.complete((JSONObject) args[0]));
          } catch (Exception e) {
            acked.completeExceptionally(e);
          }
        });
    return acked;
  }

  private long count(StockClient phone, String event, String call) {
    return phone.heard(event).stream()
        .filter(heard -> ((JSONObject) heard.args().getFirst()).optString("callId").equals(call))
        .count();
  }

  /** Who says what, and how the other party hears it. */
  @ParameterizedTest
  @CsvSource({
    "ben, call:accept, call:accepted, anna, call:cancel, call:cancelled",
    "ben, call:reject, call:rejected, anna, call:end, call:ended",
    "ben, call:accept, call:accepted, ben, call:reject, call:rejected"
  })
  void ofTwoSignalsAtOnceTheFirstWinsForEveryone(
      String one, String says, String heardAs, String other, String alsoSays, String alsoHeardAs)
      throws Exception {
    try (StockClient caller = phone(anna);
        StockClient callee = phone(ben);
        StockClient tablet = phone(ben)) {
      StockClient second = other.equals("anna") ? caller : tablet;
      for (int race = 0; race < RACES; race++) {
        String call = story + "-" + race;
        String parties = "{\"caller\":\"%s\",\"receiver\":\"%s\"}".formatted(anna, ben);
        assertEquals(201, relay.put("/api/calls/" + call, parties).statusCode());
        CyclicBarrier together = new CyclicBarrier(2);
        var first = ask(callee, says, call, together);
        var later = ask(second, alsoSays, call, together);
        JSONObject a = first.get(10, TimeUnit.SECONDS);
        JSONObject b = later.get(10, TimeUnit.SECONDS);

        assertTrue(a.getBoolean("ok") != b.getBoolean("ok"), () -> a + " " + b);
        boolean firstWon = a.getBoolean("ok");
        String won = (firstWon ? heardAs : alsoHeardAs).substring("call:".length());
        assertEquals("already_" + won, (firstWon ? b : a).getString("code"));
        StockClient told = firstWon || second == tablet ? caller : callee;
        Awaitility.await().until(() -> count(told, "call:" + won, call) == 1);
        String lost = firstWon ? alsoHeardAs : heardAs;
        for (StockClient phone : List.of(caller, callee, tablet)) {
          assertEquals(0, count(phone, lost, call), lost);
        }
        StockClient silent = firstWon || second == callee ? tablet : callee;
        if (firstWon || second == tablet) {
          Awaitility.await().until(() -> count(silent, "call:handled", call) == 1);
        }
        assertToldOnce(call, won);
      }
      assertEquals(0, callee.count("call:error") + caller.count("call:error"));
    }
  }

  private static void assertToldOnce(String call, String status) {
    List<String> told =
        Awaitility.await()
            .until(
                () ->
                    laravel.events("call").stream()
                        .filter(event -> event.at("/data/callId").asString().equals(call))
                        .map(event -> event.at("/data/status").asString())
                        .toList(),
                events -> !events.isEmpty());
    assertEquals(List.of(status), told);
  }

  @Test
  void aUsersPhonesTogetherAreLimited() {
    List<StockClient> phones = Stream.generate(() -> phone(ben)).limit(8).toList();
    double before = relay.metric("relay_client_events_limited_total{limit=\"user\"");
    for (int i = 0; i < 38; i++) {
      for (StockClient phone : phones) {
        phone.socket().emit("call:reject", json("reason", i));
      }
    }
    phones.forEach(phone -> phone.await("call:error", 38));
    assertTrue(relay.metric("relay_client_events_limited_total{limit=\"user\"") > before);
    phones.forEach(StockClient::close);
  }

  @Test
  void whatLaravelSaysLateIsStillEmitted() throws Exception {
    CountDownLatch decided = new CountDownLatch(1);
    String decision =
        "{\"emit\":[{\"user\":\"%s\",\"event\":\"call:rejected\",\"data\":{\"callId\":\"%s\"}}],\"ack\":{\"late\":1}}"
            .formatted(anna, story);
    laravel.answer(
        exchange -> {
          boolean asked = LoopbackHttp.answered().body().contains("client_event");
          if (asked) {
            decided.await(8, TimeUnit.SECONDS);
          }
          LoopbackHttp.json(200, asked ? decision : "{}").to(exchange);
        });
    try (StockClient caller = phone(anna);
        StockClient callee = phone(ben)) {
      JSONObject ack =
          ask(callee, "call:reject", story, new CyclicBarrier(1)).get(10, TimeUnit.SECONDS);
      assertEquals("queued", ack.getString("verdict"));
      assertEquals(0, count(caller, "call:rejected", story));
      decided.countDown();
      Awaitility.await().until(() -> count(caller, "call:rejected", story) == 1);
    }
  }

  @Test
  void aReplyThatIsOfNoUseIsAnsweredAsTaken() throws Exception {
    for (String reply : List.of("", "OK", "[]", "{\"emit\":7}", "{\"emit\":[7]}", "{\"ack\":")) {
      laravel.answer(LoopbackHttp.json(200, reply));
      try (StockClient callee = phone(ben)) {
        JSONObject ack =
            ask(callee, "chat:say", story, new CyclicBarrier(1)).get(10, TimeUnit.SECONDS);
        assertEquals("{\"ok\":true}", ack.toString(), reply);
        assertEquals(0, callee.count("call:error"), reply);
      }
    }
  }
}
