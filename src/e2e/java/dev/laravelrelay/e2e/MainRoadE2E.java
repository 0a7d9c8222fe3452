package dev.laravelrelay.e2e;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The callee taps Reject, Laravel writes its database and tells the relay, the caller's listener is
 * called.
 */
@Timeout(180)
class MainRoadE2E {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int CALLER = Stage.CALLER;
  private static final int CALLEE = Stage.CALLEE;
  private static final int WARM_UP = 30;
  private static final int RUNS = 50;

  @ParameterizedTest(name = "told by {0}, RELAY_AUTH={1}")
  @CsvSource({"http,laravel", "http,jwt", "broadcast,laravel", "broadcast,jwt", "stream,jwt"})
  void aRejectedCallReachesTheCallersListener(String notify, String auth) {
    try (Stage stage = new Stage(notify, auth);
        Phone caller = stage.phone(CALLER, "call:rejected");
        Phone callee = stage.phone(CALLEE, "call:incoming")) {
      Timings fromTap = new Timings("tap to listener, " + notify + ", RELAY_AUTH=" + auth);
      Timings fromEmit = new Timings("emit to listener, " + notify + ", RELAY_AUTH=" + auth);
      for (int run = 1; run <= WARM_UP + RUNS; run++) {
        String call = stage.ring();
        assertEquals(
            JSON.createObjectNode().put("callId", call).put("from", CALLER),
            JSON.readTree(Ears.nth(callee, "call:incoming", run).args().getFirst()));

        long tap = System.nanoTime();
        JsonNode answer = stage.reject(call);
        Heard heard = Ears.nth(caller, "call:rejected", run);

        assertRejected(call, heard);
        assertEquals("rejected", stage.status(call));
        if (notify.equals("http")) {
          assertEquals("sent", answer.at("/relay/verdict").asString(), answer.toString());
        }
        if (run > WARM_UP) {
          fromTap.add((heard.nanos() - tap) / 1000);
          fromEmit.add(
              heard.epochMicros() - Math.round(answer.path("emitted_at").asDouble() * 1000));
        }
      }
      fromTap.print();
      fromEmit.print();
      assertEquals(1, Ears.all(caller, "connect").size(), "one connection all along");
      assertEquals("", stage.laravel.log());
    }
  }

  @ParameterizedTest(name = "told by {0}")
  @CsvSource({"http", "broadcast", "stream"})
  void withTheRelayDownTheAppGoesOn(String notify) {
    try (Stage stage = new Stage(notify, "jwt")) {
      stage.reject(stage.ring());
      String call = stage.ring();
      stage.relay.kill();

      long tap = System.nanoTime();
      JsonNode answer = stage.reject(call);
      Timings.print("reject with the relay down, " + notify, System.nanoTime() - tap);

      assertEquals("rejected", answer.path("status").asString());
      assertEquals("rejected", stage.status(call), "what the app's poll shows");
    }
  }

  @Test
  void broadcastsResumeWhenRedisIsBack() {
    try (Stage stage = new Stage("broadcast", "jwt");
        Phone caller = stage.phone(CALLER, "call:rejected")) {
      stage.reject(stage.ring());
      Ears.first(caller, "call:rejected");

      stage.redis.kill();
      String lost = stage.ring();
      assertEquals("rejected", stage.reject(lost).path("status").asString(), "Laravel goes on");
      await("the relay to say that Redis is gone")
          .atMost(Duration.ofSeconds(20))
          .until(() -> stage.relay.get("/health/ready").statusCode() == 503);
      stage.redis.restart();
      long back = System.nanoTime();
      await("the relay to be ready again")
          .atMost(Duration.ofSeconds(30))
          .pollInterval(Duration.ofMillis(20))
          .until(() -> stage.relay.get("/health/ready").statusCode() == 200);
      Timings.print("Redis back to subscribed again", System.nanoTime() - back);

      String call = stage.ring();
      stage.reject(call);

      assertRejected(call, Ears.nth(caller, "call:rejected", 2));
      assertEquals(1, Ears.all(caller, "connect").size(), "the phone noticed nothing");
    }
  }

  @Test
  void aTokenThatLaravelDoesNotKnowIsRefused() {
    try (Stage stage = new Stage("none", "laravel");
        Phone stranger = stage.stranger("1|" + "x".repeat(40))) {
      stranger.connect();

      JsonNode error = JSON.readTree(Ears.first(stranger, "connect_error").args().getFirst());

      assertTrue(error.path("message").isString(), error.toString());
      assertTrue(error.at("/data/code").isValueNode(), error.toString());
    }
  }

  @Test
  void aPhoneThatCameWhileLaravelWasAwayGetsInByItself() {
    try (Stage stage = new Stage("none", "laravel")) {
      stage.laravel.kill();
      try (Phone phone = stage.stranger(stage.laravel.token(CALLER))) {
        phone.connect();
        assertEquals(
            List.of("EngineIOException"),
            Ears.first(phone, "connect_error").types(),
            "a broken transport, which the client retries, and no refusal, which it does not");

        stage.laravel.restart();

        Ears.first(phone, "connect");
      }
    }
  }

  private static void assertRejected(String call, Heard heard) {
    assertEquals(List.of("JSONObject"), heard.types());
    JsonNode data = JSON.readTree(heard.args().getFirst());
    assertEquals(call, data.path("callId").asString());
    assertEquals("User declined", data.path("reason").asString());
    long timestamp = data.path("timestamp").asLong();
    assertTrue(Math.abs(System.currentTimeMillis() - timestamp) < 60_000, data.toString());
    assertEquals(3, data.size(), data.toString());
  }
}
