package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.RawClient;
import dev.laravelrelay.testing.StockClient;
import dev.laravelrelay.testing.StockClient.Transports;
import dev.laravelrelay.testing.TestRedis;
import dev.laravelrelay.testing.TestRelay;
import java.net.http.HttpResponse;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.Jedis;
import tools.jackson.databind.JsonNode;

/** Two whole relays and a Redis are one relay. */
@Timeout(90)
class SeveralNodesIT {

  private static TestRedis redis;
  private static TestRelay a;
  private static TestRelay b;

  @BeforeAll
  static void start() {
    redis = TestRedis.start();
    a = TestRelay.start(redis, "several:");
    b = TestRelay.start(redis, "several:");
  }

  @AfterAll
  static void stop() {
    a.close();
    b.close();
    redis.close();
  }

  @Test
  void aPhoneOnTheOtherNodeConfirms() {
    try (StockClient phone = phone("1", Transports.UPGRADE).connect()) {
      JsonNode reply = a.emit(ring("1", 1, "\"hold\":30,\"confirm\":8000"));
      assertEquals("confirmed", reply.get("verdict").asString());
      assertEquals(1, reply.get("sessions").asInt());
      assertEquals(1, reply.get("confirmed").asInt());
      assertEquals(List.of(1), phone.numbers("ring"));
      JsonNode unheld = a.emit(ring("1", 2, "\"confirm\":8000"));
      assertEquals("confirmed", unheld.get("verdict").asString());
    }
  }

  @Test
  void whoIsConnectedIsReachedFromTheOtherNodeAtOnce() {
    for (int i = 0; i < 25; i++) {
      String user = "quick-" + i;
      try (StockClient phone = phone(user, Transports.WEBSOCKET).connect()) {
        assertEquals("sent", a.emit(ring(user, i, "\"hold\":0")).get("verdict").asString());
        phone.await("ring", 1);
      }
      Awaitility.await()
          .until(
              () -> a.emit(ring(user, 0, "\"hold\":0")).get("verdict").asString(),
              "offline"::equals);
    }
  }

  @Test
  void whatIsHeldIsGivenOnAnyNode() {
    for (int i = 1; i <= 5; i++) {
      assertEquals("held", a.emit(ring("2", i, "\"hold\":60")).get("verdict").asString());
    }
    try (StockClient phone = phone("2", Transports.WEBSOCKET).connect()) {
      phone.await("ring", 5);
      assertEquals(List.of(1, 2, 3, 4, 5), phone.numbers("ring"));
      Awaitility.await()
          .until(() -> TestRelay.json(a.get("/api/users/2/held")).get("events").isEmpty());
    }
  }

  @Test
  void theApiOfOneNodeKnowsTheSessionsOfTheOther() {
    try (StockClient phone = phone("3", Transports.WEBSOCKET).connect()) {
      Awaitility.await()
          .until(() -> TestRelay.json(a.get("/api/users/3")).get("sessions").size() == 1);
      assertEquals(
          phone.socket().id(),
          TestRelay.json(a.get("/api/users/3")).at("/sessions/0/id").asString());
    }
    Awaitility.await()
        .until(() -> !TestRelay.json(a.get("/api/users/3")).get("online").asBoolean());
  }

  @Test
  void aRetryOnTheOtherNodeIsADuplicate() {
    try (StockClient phone = phone("4", Transports.WEBSOCKET).connect()) {
      String body = ring("4", 1, "\"id\":\"call-4\",\"confirm\":8000");
      assertFalse(a.emit(body).has("duplicate"));
      JsonNode again = b.emit(body);
      assertTrue(again.get("duplicate").asBoolean());
      assertEquals("confirmed", again.get("verdict").asString());
      HttpResponse<String> conflict = b.post(ring("4", 2, "\"id\":\"call-4\""));
      assertEquals(409, conflict.statusCode());
      assertEquals(List.of(1), phone.numbers("ring"));
    }
  }

  @Test
  void aBroadcastOfLaravelIsHeardOnceByEach() {
    try (StockClient phone = phone("5", Transports.WEBSOCKET).connect();
        RawClient other = RawClient.plain(a.socketUrl(), "token=5");
        Jedis jedis = redis.connect()) {
      jedis.publish("laravel_database_private-user.5", "{\"event\":\"ring\",\"data\":{\"n\":7}}");
      assertEquals(List.of(7), other.awaitNumbers("ring", 1));
      phone.await("ring", 1);
      a.emit(ring("5", 8, "\"confirm\":8000"));
      phone.await("ring", 2);
      assertEquals(List.of(7, 8), phone.numbers("ring"));
    }
  }

  @Test
  void healthNamesTheBackplane() {
    JsonNode health = TestRelay.json(a.get("/health"));
    assertEquals("redis", health.get("backplane").asString());
    assertEquals("ok", health.at("/conditions/redis").asString());
  }

  private static StockClient phone(String user, Transports transports) {
    return new StockClient(b.socketUrl(), transports, user, "ring");
  }

  private static String ring(String user, int number, String more) {
    return "{\"user\":\"%s\",\"event\":\"ring\",\"data\":{\"n\":%d},%s}"
        .formatted(user, number, more);
  }
}
