package dev.laravelrelay.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code /ws}: one JSON object a message, for clients without Socket.IO. */
@Timeout(60)
class PlainClientE2E {

  private static RelayProcess relay;

  @BeforeAll
  static void startRelay() {
    relay =
        RelayProcess.start(
            Map.of(
                "RELAY_AUTH", "jwt",
                "RELAY_JWT_SECRET", LaravelProcess.JWT_SECRET,
                "RELAY_DRAIN", "1s"));
  }

  @AfterAll
  static void stopRelay() {
    relay.close();
  }

  @Test
  void anEventArrivesWithItsNameDataAndId() {
    try (PlainClient client = connect(1)) {
      String socketId = client.first("connected").at("/data/socket_id").asString();
      assertTrue(socketId.matches("\\d+\\.\\d+"), socketId);
      String data =
          "{\"callId\":\"c-667\",\"big\":9007199254740993,\"text\":\"später 📵\",\"l\":[]}";

      var reply =
          relay.emit(
              "{\"user\":1,\"event\":\"call:rejected\",\"id\":\"e-1\",\"data\":" + data + "}");

      assertEquals(200, reply.statusCode(), reply.body());
      JsonNode message = client.first("call:rejected");
      assertEquals(JsonMapper.shared().readTree(data), message.path("data"));
      assertEquals("e-1", message.path("id").asString(), message.toString());
      assertEquals(3, message.size(), message.toString());
    }
  }

  @Test
  void aPingIsAnsweredAndNonsenseTold() {
    try (PlainClient client = connect(2)) {
      client.first("connected");
      client.send("{\"event\":\"ping\"}");
      client.first("pong");
      client.send("nonsense");
      assertEquals(422, client.first("error").at("/data/code").asInt());
      assertFalse(client.closed().isDone());
    }
  }

  @Test
  void aPublicChannelIsJoinedAndLeft() {
    try (PlainClient client = connect(3)) {
      client.first("connected");
      client.send("{\"event\":\"subscribe\",\"data\":{\"channel\":\"news\"}}");
      client.first("subscribed");
      relay.emit("{\"channel\":\"news\",\"event\":\"n\",\"data\":{\"i\":1}}");
      assertEquals(1, client.first("n").at("/data/i").asInt());

      client.send("{\"event\":\"unsubscribe\",\"data\":{\"channel\":\"news\"}}");
      client.first("unsubscribed");
      relay.emit("{\"channel\":\"news\",\"event\":\"n\",\"data\":{\"i\":2}}");
      relay.emit("{\"user\":3,\"event\":\"last\"}");
      client.first("last");
      assertEquals(1, client.all("n").size());
    }
  }

  @Test
  void aBadTokenIsToldAndClosed() throws Exception {
    try (PlainClient client = new PlainClient(url("bad"))) {
      assertEquals(401, client.first("error").at("/data/code").asInt());
      assertEquals(4401, client.closed().get(10, TimeUnit.SECONDS).code());
    }
  }

  @Test
  void aRelayThatStopsSaysSo() throws Exception {
    try (PlainClient client = connect(4)) {
      client.first("connected");
      long stop = System.nanoTime();
      int exit = relay.stop();
      String log = relay.log();
      relay.restart();
      PlainClient.Closed closed = client.closed().get(10, TimeUnit.SECONDS);
      assertEquals(1012, closed.code());
      assertTrue(closed.nanos() - stop < 5_000_000_000L, "in " + (closed.nanos() - stop) + " ns");
      assertEquals(0, exit, log);
    }
  }

  private static PlainClient connect(int user) {
    return new PlainClient(url(Tokens.of(user, Instant.now().plusSeconds(3600))));
  }

  private static URI url(String token) {
    return URI.create("ws://127.0.0.1:" + relay.port() + "/ws?token=" + token);
  }
}
