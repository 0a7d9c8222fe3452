package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.OpaqueTokens;
import dev.laravelrelay.testing.RawClient;
import dev.laravelrelay.testing.StockClient;
import dev.laravelrelay.testing.StockClient.Transports;
import dev.laravelrelay.testing.TestRedis;
import dev.laravelrelay.testing.TestRelay;
import io.socket.client.Socket;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A logout that one node is told of is one everywhere. */
@Timeout(90)
class LogoutOnTwoNodesIT {
  private static OpaqueTokens laravel;
  private static TestRedis redis;
  private static TestRelay a;
  private static TestRelay b;

  @BeforeAll
  static void start() throws Exception {
    laravel = new OpaqueTokens();
    redis = TestRedis.start();
    a = TestRelay.startWithOpaqueTokens(laravel.url(), redis, "logout:");
    b = TestRelay.startWithOpaqueTokens(laravel.url(), redis, "logout:");
  }

  @AfterAll
  static void stop() {
    a.close();
    b.close();
    redis.close();
    laravel.close();
  }

  private static StockClient phone(TestRelay node, String token) {
    return new StockClient(
            node.socketUrl(), Transports.WEBSOCKET, token, Socket.EVENT_CONNECT_ERROR)
        .connect();
  }

  @Test
  void theSessionsOfAllNodesEndAndNoNodeBelievesTheOldToken() throws Exception {
    phone(b, "ann|old").close();
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> b.metric("relay_sessions ") == 0); // but b has asked about the token
    try (StockClient here = phone(a, "ann|old");
        StockClient there = phone(b, "ann|there");
        StockClient stays = phone(b, "ann|stays")) {
      laravel.revoke("ann|old");
      laravel.revoke("ann|there");
      String path = "/api/users/ann/sessions?except=" + stays.socket().id();
      int ended = TestRelay.json(TestRelay.patiently(() -> a.delete(path))).get("sessions").asInt();
      assertTrue(
          ended == 2 || ended == 1,
          () -> ended + " sessions"); // a node that is late is not counted
      here.await(Socket.EVENT_CONNECT_ERROR, 1);
      there.await(Socket.EVENT_CONNECT_ERROR, 1);
      try (StockClient again =
          new StockClient(
              b.socketUrl(), Transports.WEBSOCKET, "ann|old", Socket.EVENT_CONNECT_ERROR)) {
        again.socket().connect();
        JSONObject refusal =
            (JSONObject) again.await(Socket.EVENT_CONNECT_ERROR, 1).getFirst().args().getFirst();
        assertEquals(401, refusal.getJSONObject("data").getInt("code"));
      }
      assertEquals(0, stays.count(Socket.EVENT_DISCONNECT));
    }
  }

  @Test
  void aSuspendedSessionOfAnotherNodeIsNotResumed() {
    RawClient open = RawClient.plain(b.socketUrl(), "token=carl%7Cphone");
    a.emit("{\"user\":\"carl\",\"event\":\"ring\",\"data\":{\"n\":1}}");
    open.awaitNumbers("ring", 1);
    String last = open.messages("ring").getFirst().get("id").asString();
    double before = b.metric("relay_sessions_suspended");
    open.close();
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> b.metric("relay_sessions_suspended") > before);
    TestRelay.json(TestRelay.patiently(() -> a.delete("/api/users/carl/sessions")));
    try (RawClient back = RawClient.plain(a.socketUrl(), "token=carl%7Cphone&after=" + last)) {
      assertFalse(back.frames().getFirst().contains("\"resumed\":true"));
    }
  }

  @Test
  void whileRedisIsAwayItIsNotSaidToBeDone() {
    try (TestRedis own = TestRedis.start();
        TestRelay node = TestRelay.startWithOpaqueTokens(laravel.url(), own, "logout:");
        StockClient phone = phone(node, "dora|phone")) {
      laravel.revoke("dora|phone");
      own.kill();
      assertEquals(503, node.delete("/api/users/dora/sessions").statusCode());
      phone.await(Socket.EVENT_CONNECT_ERROR, 1);
    }
  }
}
