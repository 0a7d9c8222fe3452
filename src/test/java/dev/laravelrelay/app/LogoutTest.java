package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.OpaqueTokens;
import dev.laravelrelay.testing.RawClient;
import dev.laravelrelay.testing.StockClient;
import dev.laravelrelay.testing.StockClient.Transports;
import dev.laravelrelay.testing.TestRelay;
import io.socket.client.Socket;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** Laravel logs a user out: his sockets end, and his old tokens are refused. */
@Timeout(90)
class LogoutTest {
  private static OpaqueTokens laravel;
  private static TestRelay relay;

  @BeforeAll
  static void start() throws Exception {
    laravel = new OpaqueTokens();
    relay = TestRelay.startWithOpaqueTokens(laravel.url());
  }

  @AfterAll
  static void stop() {
    relay.close();
    laravel.close();
  }

  private static StockClient phone(Transports transports, String token) {
    return new StockClient(relay.socketUrl(), transports, token, Socket.EVENT_CONNECT_ERROR)
        .connect();
  }

  private static int logOut(String path) {
    JsonNode reply = TestRelay.json(relay.delete("/api/users/" + path));
    return reply.get("sessions").asInt();
  }

  @ParameterizedTest
  @EnumSource
  void aStockClientIsDroppedAndItsTokenIsRefused(Transports transports) throws Exception {
    String user = "out-" + transports;
    try (StockClient phone = phone(transports, user + "|phone")) {
      laravel.revoke(user + "|phone");
      assertEquals(1, logOut(user + "/sessions"));
      JSONObject refusal =
          (JSONObject) phone.await(Socket.EVENT_CONNECT_ERROR, 1).getFirst().args().getFirst();
      assertEquals(401, refusal.getJSONObject("data").getInt("code"));
      assertEquals(1, phone.count(Socket.EVENT_CONNECT));
      phone.auth().put("token", user + "|fresh");
      phone.connect();
      assertEquals(1, logOut(user + "/sessions"));
    }
  }

  @Test
  void theOtherDevicesAreLoggedOut() {
    try (StockClient stays = phone(Transports.WEBSOCKET, "ann|stays");
        StockClient goes = phone(Transports.WEBSOCKET, "ann|goes");
        RawClient plain = RawClient.plain(relay.socketUrl(), "token=ann%7Cplain");
        StockClient other = phone(Transports.WEBSOCKET, "ben|phone")) {
      laravel.revoke("ann|goes");
      assertEquals(2, logOut("ann/sessions?except=" + stays.socket().id()));
      goes.await(Socket.EVENT_CONNECT_ERROR, 1);
      assertEquals(4402, plain.awaitClose());
      assertEquals(0, stays.count(Socket.EVENT_DISCONNECT));
      assertEquals(0, other.count(Socket.EVENT_DISCONNECT));
      assertEquals(1, relay.emit("{\"user\":\"ann\",\"event\":\"a\"}").get("sessions").asInt());
    }
  }

  @Test
  void nobodyResumesWhatWasLoggedOut() {
    String token = "token=carl%7Cphone";
    RawClient open = RawClient.plain(relay.socketUrl(), token);
    relay.emit("{\"user\":\"carl\",\"event\":\"ring\",\"data\":{\"n\":1}}");
    open.awaitNumbers("ring", 1);
    String last = open.messages("ring").getFirst().get("id").asString();
    open.close();
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> relay.metric("relay_sessions_suspended") == 1);
    assertEquals(0, logOut("carl/sessions"));
    assertEquals(0, relay.metric("relay_sessions_suspended"));
    try (RawClient back = RawClient.plain(relay.socketUrl(), token + "&after=" + last)) {
      assertTrue(back.frames().getFirst().contains("\"resumed\":false"));
      assertEquals(1, logOut("carl/sessions"));
      back.awaitClose();
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> relay.metric("relay_sessions ") == 0);
      assertEquals(0, relay.metric("relay_sessions_suspended"));
    }
  }

  @Test
  void nobodyIsNobody() {
    assertEquals(0, logOut("nobody/sessions"));
  }
}
