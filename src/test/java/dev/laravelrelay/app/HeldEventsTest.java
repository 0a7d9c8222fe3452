package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.DroppingProxy;
import dev.laravelrelay.testing.DroppingProxy.Drop;
import dev.laravelrelay.testing.RawClient;
import dev.laravelrelay.testing.StockClient;
import dev.laravelrelay.testing.StockClient.Transports;
import dev.laravelrelay.testing.TestRelay;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** What is kept for a user, and what he is given when he comes. */
@Timeout(60)
class HeldEventsTest {

  private static TestRelay relay;

  @BeforeAll
  static void start() {
    relay = TestRelay.start(Duration.ofSeconds(2), Duration.ofSeconds(6));
  }

  @AfterAll
  static void stop() {
    relay.close();
  }

  @ParameterizedTest
  @EnumSource
  void whoComesIsGivenWhatWasHeldOldestFirstAndThenWhatIsNew(Transports transports) {
    String user = "comes-" + transports;
    emitUpTo(user, 1, 20);
    CompletableFuture<Void> meanwhile = CompletableFuture.runAsync(() -> emitUpTo(user, 21, 60));
    try (StockClient phone =
        new StockClient(relay.socketUrl(), transports, user, "ring").connect()) {
      meanwhile.join();
      phone.await("ring", 60);

      assertEquals(upTo(60), phone.numbers("ring"));
      phone.heard("ring").forEach(heard -> assertEquals(1, heard.args().size()));
      awaitNothingHeld(user);
    }
  }

  @Test
  void aPlainClientIsGivenThemToo() {
    emitUpTo("plain", 1, 3);
    try (RawClient client = RawClient.plain(relay.socketUrl(), "token=plain")) {
      assertEquals(upTo(3), client.awaitNumbers("ring", 3));
      awaitNothingHeld("plain");
    }
  }

  @Test
  void whatIsTooLargeToBeKeptIsNotSaidToBeHeld() {
    String emit = "{\"user\":\"large\",\"event\":\"ring\",\"hold\":30,\"data\":\"%s\"}";
    JsonNode reply = relay.emit(emit.formatted("x".repeat((1 << 20) - emit.length())));
    assertEquals("offline", reply.get("verdict").asString());
    assertFalse(reply.has("held_until"));
    assertEquals(0, held("large").size());
  }

  @Test
  void theyAreGivenAgainUntilThereIsAReceipt() {
    emitUpTo("deaf", 1, 2);
    for (int round = 0; round < 3; round++) {
      try (RawClient deaf = RawClient.deaf(relay.socketUrl(), Map.of("token", "deaf"))) {
        assertEquals(upTo(2), deaf.awaitNumbers("ring", 2));
        assertEquals(2, held("deaf").size());
      }
    }
    try (RawClient client = RawClient.plain(relay.socketUrl(), "token=deaf")) {
      assertEquals(upTo(2), client.awaitNumbers("ring", 2));
      awaitNothingHeld("deaf");
    }
    try (RawClient client = RawClient.plain(relay.socketUrl(), "token=deaf")) {
      emitUpTo("deaf", 3, 3);
      assertEquals(List.of(3), client.awaitNumbers("ring", 1));
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatAHalfOpenSocketSwallowedComesOnTheNextOne(Transports transports) {
    String user = "half-open-" + transports;
    try (DroppingProxy network = new DroppingProxy(relay.socketPort());
        StockClient phone = new StockClient(network.url(), transports, user, "ring").connect()) {
      emitUpTo(user, 1, 2);
      phone.await("ring", 2);
      awaitNothingHeld(user);

      network.drop(Drop.SILENCE);
      emitUpTo(user, 3, 6);
      network.resetSilent();
      phone.await("connect", 2);
      emitUpTo(user, 7, 8);

      phone.await("ring", 8);
      assertEquals(upTo(8), phone.numbers("ring"));
      awaitNothingHeld(user);
    }
  }

  @Test
  void aHalfOpenSocketEndsAndTheHoldDoesNot() {
    try (DroppingProxy network = new DroppingProxy(relay.socketPort());
        StockClient phone =
            new StockClient(network.url(), Transports.WEBSOCKET, "timeout", "ring").connect()) {
      network.drop(Drop.SILENCE);
      network.refuse(Duration.ofMinutes(1));
      emitUpTo("timeout", 1, 1);
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> relay.get("/api/users/timeout").body().contains("\"online\":false"));

      assertEquals(1, held("timeout").size());
      assertEquals(0, phone.count("ring"));
    }
  }

  @Test
  void theHoldEnds() {
    relay.emit(body("short", 1, ",\"hold\":1"));
    relay.emit(body("short", 2, ",\"hold\":30"));
    Awaitility.await().until(() -> held("short").size() == 1);
    try (RawClient client = RawClient.plain(relay.socketUrl(), "token=short")) {
      assertEquals(List.of(2), client.awaitNumbers("ring", 1));
    }
    assertTrue(relay.metric("relay_held_ended_total{reason=\"expired\"") >= 1);
  }

  @Test
  void aNewerEventOfTheSameKeyReplacesTheHeldOne() {
    relay.emit(body("collapse", 1, ",\"hold\":30,\"collapse_key\":\"call\""));
    relay.emit(body("collapse", 2, ",\"hold\":30,\"collapse_key\":\"other\""));
    relay.emit(body("collapse", 3, ",\"hold\":30,\"collapse_key\":\"call\""));
    try (RawClient client = RawClient.plain(relay.socketUrl(), "token=collapse")) {
      assertEquals(List.of(2, 3), client.awaitNumbers("ring", 2));
    }
  }

  @Test
  void ofTooManyTheOldestGo() {
    double before = relay.metric("relay_held_ended_total{reason=\"evicted\"");
    emitUpTo("many", 1, 103);

    assertEquals(100, held("many").size());
    assertEquals(3, relay.metric("relay_held_ended_total{reason=\"evicted\"") - before);
    try (RawClient client = RawClient.plain(relay.socketUrl(), "token=many")) {
      assertEquals(
          IntStream.rangeClosed(4, 103).boxed().toList(), client.awaitNumbers("ring", 100));
    }
  }

  @Test
  void ofTooMuchTheOldestGo() {
    String padding = "x".repeat(300_000);
    for (int n = 1; n <= 5; n++) {
      relay.emit(
          """
          {"user":"much","event":"ring","data":{"n":%d,"padding":"%s"},"hold":30}"""
              .formatted(n, padding));
    }

    assertEquals(3, held("much").size());
    try (RawClient client = RawClient.plain(relay.socketUrl(), "token=much")) {
      assertEquals(List.of(3, 4, 5), client.awaitNumbers("ring", 3));
    }
  }

  @Test
  void theyCanBeListedAndDropped() {
    relay.emit(body("listed", 1, ",\"hold\":30,\"id\":\"first\""));
    relay.emit(body("listed", 2, ",\"hold\":30,\"id\":\"second\""));

    JsonNode held = held("listed");
    assertEquals("first", held.get(0).get("id").asString());
    assertEquals("ring", held.get(0).get("event").asString());
    assertTrue(held.get(0).get("age_ms").asLong() < 30_000);
    assertEquals("second", held.get(1).get("id").asString());
    assertEquals(2, TestRelay.json(relay.delete("/api/users/listed/held")).get("dropped").asInt());
    assertEquals(0, held("listed").size());
  }

  @Test
  void channelsAndEveryoneAreNotHeld() {
    for (String target : List.of("\"channel\":\"orders\"", "\"everyone\":true")) {
      var reply = relay.post("{%s,\"event\":\"ring\",\"hold\":30}".formatted(target));
      assertEquals(422, reply.statusCode());
      assertTrue(reply.body().contains("hold"), reply.body());
    }
  }

  private static void awaitNothingHeld(String user) {
    Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> held(user).isEmpty());
  }

  private static JsonNode held(String user) {
    return TestRelay.json(relay.get("/api/users/" + user + "/held")).get("events");
  }

  private static void emitUpTo(String user, int first, int last) {
    for (int n = first; n <= last; n++) {
      relay.emit(body(user, n, ",\"hold\":30"));
    }
  }

  private static String body(String user, int n, String terms) {
    return "{\"user\":\"%s\",\"event\":\"ring\",\"data\":{\"n\":%d}%s}".formatted(user, n, terms);
  }

  private static List<Integer> upTo(int last) {
    return IntStream.rangeClosed(1, last).boxed().toList();
  }
}
