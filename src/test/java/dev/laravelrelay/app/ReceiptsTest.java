package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.DroppingProxy;
import dev.laravelrelay.testing.DroppingProxy.Drop;
import dev.laravelrelay.testing.RawClient;
import dev.laravelrelay.testing.StockClient;
import dev.laravelrelay.testing.StockClient.Transports;
import dev.laravelrelay.testing.TestRelay;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** What a verdict says, against what the clients heard. */
@Timeout(60)
class ReceiptsTest {

  private static TestRelay relay;

  @BeforeAll
  static void start() {
    relay = TestRelay.start();
  }

  @AfterAll
  static void stop() {
    relay.close();
  }

  @ParameterizedTest
  @EnumSource
  void theFirstReceiptAnswersAtOnce(Transports transports) {
    String user = "at-once-" + transports;
    try (StockClient phone =
        new StockClient(relay.socketUrl(), transports, user, "ring").connect()) {
      for (int n = 1; n <= 5; n++) {
        JsonNode reply = emit(user, n, ",\"confirm\":10000");
        long replied = System.nanoTime();

        assertEquals("confirmed", reply.get("verdict").asString(), reply::toString);
        assertTrue(reply.get("delivered").asBoolean());
        assertEquals(1, reply.get("confirmed").asInt());
        assertTrue(reply.get("elapsed_ms").asDouble() < 5_000, reply::toString);
        assertEquals(n, phone.count("ring"), "it was heard before the verdict");
        assertTrue(phone.heard("ring").getLast().nanos() < replied);
      }
    }
    assertTrue(relay.metric("relay_receipt_time_seconds_count") >= 5, "the histogram has them");
  }

  @Test
  void aPlainClientGivesReceiptsByPong() {
    try (RawClient client = RawClient.plain(relay.socketUrl(), "token=plain")) {
      JsonNode reply = emit("plain", 1, ",\"confirm\":10000,\"hold\":30");

      assertEquals("confirmed", reply.get("verdict").asString(), reply::toString);
      assertTrue(reply.get("elapsed_ms").asDouble() < 5_000, reply::toString);
      assertEquals(List.of(1), client.numbers("ring"));
      assertEquals(1, client.pings());
    }
  }

  @Test
  void everyVerdictDuringTheUpgradeIsConfirmedAndInOrder() {
    for (int round = 0; round < 10; round++) {
      String user = "upgrade-" + round;
      List<JsonNode> replies = new ArrayList<>();
      try (StockClient phone =
          new StockClient(relay.socketUrl(), Transports.UPGRADE, user, "ring").connect()) {
        for (int n = 1; n <= 20; n++) {
          replies.add(emit(user, n, ",\"confirm\":10000"));
          assertEquals(n, phone.count("ring"), "it was heard before the verdict");
        }
        assertEquals(upTo(20), phone.numbers("ring"));
      }
      replies.forEach(
          reply -> assertEquals("confirmed", reply.get("verdict").asString(), reply::toString));
    }
  }

  @Test
  void theFirstOfSeveralDevicesIsEnough() {
    try (RawClient deaf = RawClient.deaf(relay.socketUrl(), Map.of("token", "two"));
        RawClient client = RawClient.plain(relay.socketUrl(), "token=two")) {
      JsonNode reply = emit("two", 1, ",\"confirm\":10000,\"hold\":30");

      assertEquals("confirmed", reply.get("verdict").asString(), reply::toString);
      assertEquals(2, reply.get("sessions").asInt());
      assertEquals(1, reply.get("confirmed").asInt());
      assertTrue(reply.get("elapsed_ms").asDouble() < 5_000, reply::toString);
      assertEquals(List.of(1), client.numbers("ring"));
      assertEquals(List.of(1), deaf.awaitNumbers("ring", 1), "which its library never proved");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aPhoneThatLeftTheNetworkNeverConfirms(Transports transports) {
    String user = "left-" + transports;
    try (DroppingProxy network = new DroppingProxy(relay.socketPort());
        StockClient phone = new StockClient(network.url(), transports, user, "ring").connect()) {
      assertEquals("confirmed", verdict(emit(user, 1, ",\"confirm\":10000")));

      network.drop(Drop.SILENCE);

      assertEquals("sent", verdict(emit(user, 2, ",\"confirm\":300")));
      assertEquals("sent", verdict(emit(user, 3, "")));
      assertEquals("held", verdict(emit(user, 4, ",\"confirm\":300,\"hold\":30")));
      assertEquals("sent", verdict(emit(user, 5, ",\"hold\":30")));
      JsonNode held = emit(user, 6, ",\"confirm\":300,\"hold\":30");
      assertEquals("held", verdict(held));
      assertTrue(held.get("held_until").asLong() > System.currentTimeMillis());
      assertEquals(1, phone.count("ring"));
    }
  }

  @Test
  void whoIsAwayIsOfflineOrHeld() {
    assertEquals("offline", verdict(emit("away", 1, ",\"confirm\":10000")));
    JsonNode held = emit("away", 2, ",\"confirm\":10000,\"hold\":30");
    assertEquals("held", verdict(held));
    assertTrue(held.get("elapsed_ms").asDouble() < 5_000, "nobody is waited for");
  }

  @Test
  void thousandsOfHeldEventsCostFarFewerProbes() {
    try (RawClient client = RawClient.deaf(relay.socketUrl(), Map.of("token", "busy"))) {
      for (int batch = 0; batch < 10; batch++) {
        String emits =
            IntStream.rangeClosed(batch * 1_000 + 1, batch * 1_000 + 1_000)
                .mapToObj(n -> body("busy", n, ",\"hold\":30"))
                .collect(Collectors.joining(",", "{\"emits\":[", "]}"));
        assertEquals(200, relay.postBatch(emits).statusCode());
      }

      assertEquals(upTo(10_000), client.awaitNumbers("ring", 10_000));
      assertEquals(1, client.pings(), "one is not answered yet");
      client.send("3");
      Awaitility.await().until(() -> client.pings() == 2);
      client.send("3");
      Awaitility.await().until(() -> heldOf("busy") == 0);
      assertEquals(2, client.pings());
    }
  }

  private static int heldOf(String user) {
    return TestRelay.json(relay.get("/api/users/" + user + "/held")).get("events").size();
  }

  private static String verdict(JsonNode reply) {
    return reply.get("verdict").asString();
  }

  private static JsonNode emit(String user, int n, String terms) {
    return relay.emit(body(user, n, terms));
  }

  private static String body(String user, int n, String terms) {
    return "{\"user\":\"%s\",\"event\":\"ring\",\"data\":{\"n\":%d}%s}".formatted(user, n, terms);
  }

  private static List<Integer> upTo(int last) {
    return IntStream.rangeClosed(1, last).boxed().toList();
  }
}
