package dev.laravelrelay.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.DroppingProxy;
import dev.laravelrelay.testing.DroppingProxy.Drop;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The webhook route of the README, behind the package's middleware, in a real Laravel. */
@Timeout(120)
class WebhooksE2E {

  private static final String[] SECRETS = LaravelProcess.WEBHOOK_SECRETS.split(",");

  private static Stage stage;

  @BeforeAll
  static void setUp() {
    stage =
        Stage.withWebhooks(
            Map.of(
                "RELAY_PING_INTERVAL", "1s",
                "RELAY_PING_TIMEOUT", "1s",
                "RELAY_PRESENCE_GRACE", "3s"));
  }

  @AfterAll
  static void tearDown() {
    stage.close();
  }

  @Test
  void onlyWhatTheRelayHasSignedCountsAndOnlyOnce() {
    String call = stage.ring();
    String body = event("call", "{'callId':'%s','status':'rejected','reason':'busy'}", call);
    String now = Long.toString(Instant.now().getEpochSecond());
    String old = Long.toString(Instant.now().minusSeconds(400).getEpochSecond());
    String future = Long.toString(Instant.now().plusSeconds(400).getEpochSecond());
    String forged = sign("0".repeat(64), now, body);
    String good = sign(SECRETS[0], now, body);

    assertEquals(401, post(body, now, ""), "not signed");
    assertEquals(401, post(body, now, forged), "signed by another");
    assertEquals(401, post(body.replace("busy", "ring"), now, good), "changed");
    assertEquals(401, post(body, old, sign(SECRETS[0], old, body)), "old");
    assertEquals(401, post(body, future, sign(SECRETS[0], future, body)), "of another clock");
    assertEquals(401, post(body, old, good), "made young");
    assertEquals(401, post(body, "", sign(SECRETS[0], "", body)), "without a time");
    assertEquals("ringing", stage.status(call));

    assertEquals(200, post(body, now, good));
    assertEquals("rejected", stage.status(call));
    assertEquals(200, post(body, now, sign(SECRETS[1], now, body)), "the other secret, a repeat");
    assertEquals(1, row(call).path("changes").asInt());
    assertEquals("", stage.laravel.log());
  }

  @Test
  void aCallThatTheRelayHasForgottenIsRejectedByLaravel() {
    try (Phone caller = stage.phone(Stage.CALLER, "call:rejected");
        Phone callee = stage.phone(Stage.CALLEE, "call:error")) {
      String call = stage.ring();
      assertEquals(200, stage.relay.forget(call));

      String ack = callee.ask("call:reject", "{\"callId\":\"" + call + "\"}").join();

      assertTrue(JsonMapper.shared().readTree(ack).at("/0/ok").asBoolean(), ack);
      JsonNode rejected =
          JsonMapper.shared().readTree(Ears.first(caller, "call:rejected").args().getFirst());
      assertEquals(call, rejected.path("callId").asString());
      assertEquals("rejected", stage.status(call));

      caller.ask("call:reject", "{\"callId\":[7]}").join();
      caller.ask("call:reject", "{\"callId\":\"" + call + "-x\"}").join();
      assertEquals(1, Ears.all(caller, "call:rejected").size());
      assertEquals("", stage.laravel.log());
    }
  }

  @Test
  void whatLaravelAsksToEmitIsAnsweredAgainWhenItsReplyWasLost() {
    String call = stage.ring();
    String body =
        event(
            "client_event",
            "{'event':'call:reject','user':'" + Stage.CALLEE + "','data':{'callId':'%s'}}",
            call);
    String first = send(body);
    assertEquals("rejected", stage.status(call));
    assertTrue(first.contains("call:rejected"), first);
    assertEquals(first, send(body));
    assertEquals(1, row(call).path("changes").asInt());
    assertEquals("", stage.laravel.log());
  }

  @Test
  void aCallWhosePartyVanishedIsEndedByLaravel() {
    try (DroppingProxy network = new DroppingProxy(stage.relay.port());
        Phone caller = stage.phone(Stage.CALLER, "call:accepted", "call:ended");
        Phone callee = stage.phone(network.url(), Stage.CALLEE, "call:ended")) {
      String call = stage.ring();
      callee.tell("call:accept", "{\"callId\":\"" + call + "\"}");
      Ears.first(caller, "call:accepted");
      awaitStatus(call, "accepted");

      network.drop(Drop.RST);
      Ears.nth(callee, "connect", 2);
      assertEquals(
          200, postSigned(event("user_offline", "{'user':'%s','timestamp':0}", Stage.CALLEE)));
      assertEquals("accepted", stage.status(call), "she is back before Laravel is told");

      network.refuse(Duration.ofMinutes(1));
      network.drop(Drop.SILENCE);
      JsonNode ended =
          JsonMapper.shared().readTree(Ears.first(caller, "call:ended").args().getFirst());
      assertEquals(call, ended.path("callId").asString());
      assertEquals("Connection lost", ended.path("reason").asString());
      awaitStatus(call, "ended");
      assertEquals(404, stage.relay.get("/api/calls/" + call).statusCode(), "it is forgotten");

      network.refuse(Duration.ZERO);
      network.resetSilent();
      Ears.first(callee, "call:ended");
      assertEquals(1, Ears.all(caller, "call:ended").size());
      assertEquals("", stage.laravel.log());
    }
  }

  private static void awaitStatus(String call, String status) {
    await(call + " to be " + status)
        .atMost(Duration.ofSeconds(20))
        .until(() -> stage.status(call).equals(status));
  }

  private static JsonNode row(String call) {
    for (JsonNode row : stage.laravel.calls()) {
      if (row.path("id").asString().equals(call)) {
        return row;
      }
    }
    throw new AssertionError("no row of " + call);
  }

  private static String event(String type, String data, Object argument) {
    return "{'events':[{'id':'%s','type':'%s','occurred_at':0,'data':%s}]}"
        .formatted(UUID.randomUUID(), type, data.formatted(argument))
        .replace('\'', '"');
  }

  private static int postSigned(String body) {
    String now = Long.toString(Instant.now().getEpochSecond());
    return post(body, now, sign(SECRETS[1], now, body));
  }

  /** What Laravel answers to it. */
  private static String send(String body) {
    String now = Long.toString(Instant.now().getEpochSecond());
    return send(body, now, sign(SECRETS[1], now, body)).body();
  }

  private static int post(String body, String timestamp, String signature) {
    return send(body, timestamp, signature).statusCode();
  }

  private static HttpResponse<String> send(String body, String timestamp, String signature) {
    return stage.laravel.send(
        HttpRequest.newBuilder(stage.laravel.url().resolve(Stage.WEBHOOK))
            .header("Accept", "application/json")
            .header("Content-Type", "application/json")
            .header("X-Relay-Timestamp", timestamp)
            .header("X-Relay-Signature", signature)
            .POST(BodyPublishers.ofString(body)));
  }

  private static String sign(String secret, String timestamp, String body) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret.getBytes(UTF_8), "HmacSHA256"));
      byte[] signature = mac.doFinal((timestamp + "." + body).getBytes(UTF_8));
      return "v1=" + HexFormat.of().formatHex(signature);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
