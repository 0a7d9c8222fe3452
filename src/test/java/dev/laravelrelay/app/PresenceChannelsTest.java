package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.laravelrelay.testing.LoopbackHttp;
import dev.laravelrelay.testing.RawClient;
import dev.laravelrelay.testing.TestRelay;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the members of a presence channel hear of each other. */
@Timeout(60)
class PresenceChannelsTest {

  private static LoopbackHttp laravel;
  private static TestRelay relay;

  @BeforeAll
  static void start() throws IOException {
    laravel =
        new LoopbackHttp(
            exchange -> {
              String token = exchange.getRequestHeaders().getFirst("Authorization").substring(7);
              String member = "{\"channel_data\":{\"user_id\":\"%s\"}}".formatted(token);
              LoopbackHttp.json(200, member).to(exchange);
            });
    relay = TestRelay.start(laravel.url());
  }

  @AfterAll
  static void stop() {
    relay.close();
    laravel.close();
  }

  @Test
  void whoComesIntoTwoChannelsIsHeardInBoth() {
    try (RawClient peer = RawClient.plain(relay.socketUrl(), "token=peer");
        RawClient comer = RawClient.plain(relay.socketUrl(), "token=comer")) {
      subscribe(peer, "presence-a", 1);
      subscribe(peer, "presence-b", 2);
      subscribe(comer, "presence-a", 1);
      subscribe(comer, "presence-b", 2);

      assertEquals(
          List.of("joining comer presence-a", "joining comer presence-b"), awaitHeard(peer, 2));
    }
  }

  @Test
  void whoOpensAndClosesAChatAgainAndAgainIsHeardEachTime() {
    try (RawClient peer = RawClient.plain(relay.socketUrl(), "token=peer");
        RawClient comer = RawClient.plain(relay.socketUrl(), "token=comer")) {
      subscribe(peer, "presence-chat", 1);
      for (int n = 1; n <= 2; n++) {
        subscribe(comer, "presence-chat", n);
        comer.send("{\"event\":\"unsubscribe\",\"data\":{\"channel\":\"presence-chat\"}}");
      }

      String joining = "joining comer presence-chat";
      String leaving = "leaving comer presence-chat";
      assertEquals(List.of(joining, leaving, joining, leaving), awaitHeard(peer, 4));
    }
  }

  @Test
  void whoSubscribesAgainIsHeardOnce() {
    try (RawClient peer = RawClient.plain(relay.socketUrl(), "token=peer");
        RawClient comer = RawClient.plain(relay.socketUrl(), "token=comer");
        RawClient last = RawClient.plain(relay.socketUrl(), "token=last")) {
      subscribe(peer, "presence-again", 1);
      subscribe(comer, "presence-again", 1);
      subscribe(comer, "presence-again", 2);
      subscribe(last, "presence-again", 1);

      assertEquals(
          List.of("joining comer presence-again", "joining last presence-again"),
          awaitHeard(peer, 2));
    }
  }

  @Test
  void whoResumesAfterHeWasHeardLeavingIsHeardJoining() {
    try (RawClient peer = RawClient.plain(relay.socketUrl(), "token=peer")) {
      subscribe(peer, "presence-resume", 1);
      RawClient phone = resumable("phone", "presence-resume");
      phone.close();
      awaitHeard(peer, 2);
      try (RawClient back = resuming("phone", phone)) {
        assertEquals(phone.connected().get("sid"), back.connected().get("sid"));
        assertEquals(
            List.of(
                "joining phone presence-resume",
                "leaving phone presence-resume",
                "joining phone presence-resume"),
            awaitHeard(peer, 3));
      }
    }
  }

  @Test
  void whoResumesWhileHisOldConnectionIsHalfOpenWasNeverGone() {
    try (RawClient peer = RawClient.plain(relay.socketUrl(), "token=peer");
        RawClient last = RawClient.plain(relay.socketUrl(), "token=last")) {
      subscribe(peer, "presence-half", 1);
      try (RawClient phone = resumable("half", "presence-half");
          RawClient back = resuming("half", phone)) {
        assertEquals(phone.connected().get("sid"), back.connected().get("sid"));
        subscribe(last, "presence-half", 1);

        assertEquals(
            List.of("joining half presence-half", "joining last presence-half"),
            awaitHeard(peer, 2));
      }
    }
  }

  private static RawClient resumable(String user, String channel) {
    RawClient client = RawClient.socketIo(relay.socketUrl(), Map.of("token", user, "resume", true));
    client.send("42[\"subscribe\",{\"channel\":\"%s\"}]".formatted(channel));
    Awaitility.await().until(() -> !client.events("subscribed").isEmpty());
    return client;
  }

  private static RawClient resuming(String user, RawClient before) {
    String pid = before.connected().get("pid").asString();
    return RawClient.socketIo(relay.socketUrl(), Map.of("token", user, "pid", pid));
  }

  /** Returns when the client has been told so for the {@code count}th time. */
  private static void subscribe(RawClient client, String channel, int count) {
    client.send("{\"event\":\"subscribe\",\"data\":{\"channel\":\"%s\"}}".formatted(channel));
    Awaitility.await().until(() -> client.messages("subscribed").size() >= count);
  }

  private static List<String> awaitHeard(RawClient client, int count) {
    Awaitility.await().until(() -> heard(client).size() >= count);
    return heard(client);
  }

  /** What the client heard of others, such as {@code joining 7 presence-chat}. */
  private static List<String> heard(RawClient client) {
    return client.frames().stream()
        .filter(frame -> frame.startsWith("{\"event\":\"presence:"))
        .map(JsonMapper.shared()::readTree)
        .map(PresenceChannelsTest::described)
        .toList();
  }

  private static String described(JsonNode message) {
    JsonNode data = message.get("data");
    return "%s %s %s"
        .formatted(
            message.get("event").asString().substring("presence:".length()),
            data.get("member").get("user_id").asString(),
            data.get("channel").asString());
  }
}
