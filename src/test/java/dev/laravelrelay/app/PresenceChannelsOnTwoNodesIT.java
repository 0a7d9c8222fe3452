package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.laravelrelay.testing.LoopbackHttp;
import dev.laravelrelay.testing.RawClient;
import dev.laravelrelay.testing.TestRedis;
import dev.laravelrelay.testing.TestRelay;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** The members of a presence channel know of each other, whatever nodes they are on. */
@Timeout(60)
class PresenceChannelsOnTwoNodesIT {

  private static LoopbackHttp laravel;
  private static TestRedis redis;
  private static TestRelay a;
  private static TestRelay b;

  @BeforeAll
  static void start() throws IOException {
    laravel =
        new LoopbackHttp(
            exchange -> {
              String token = exchange.getRequestHeaders().getFirst("Authorization").substring(7);
              String member = "{\"channel_data\":{\"user_id\":\"%s\"}}".formatted(token);
              LoopbackHttp.json(200, member).to(exchange);
            });
    redis = TestRedis.start();
    a = TestRelay.start(redis, "rosters:", laravel.url());
    b = TestRelay.start(redis, "rosters:", laravel.url());
  }

  @AfterAll
  static void stop() {
    a.close();
    b.close();
    redis.close();
    laravel.close();
  }

  @Test
  void whoComesAndGoesIsKnownOnEveryNode() {
    try (RawClient first = join(a, "1", "presence-room");
        RawClient second = join(b, "2", "presence-room")) {
      assertEquals(List.of("1"), members(first));
      awaitMembers(List.of("1", "2"), second);
      assertEquals("2", heard(first, "presence:joining", 1));

      try (RawClient secondsOther = join(a, "2", "presence-room")) {
        awaitMembers(List.of("1", "2"), secondsOther);
        RawClient third = join(b, "3", "presence-room");
        awaitMembers(List.of("1", "2", "3"), third);
        assertEquals("3", heard(first, "presence:joining", 2), "2 was there already");
        third.close();
        assertEquals("3", heard(first, "presence:leaving", 1));
      }
      RawClient fourth = join(a, "4", "presence-room");
      fourth.close();
      assertEquals("4", heard(second, "presence:leaving", 2), "2 is here still");
    }
  }

  @Test
  void whoIsAloneHearsOfTheNext() {
    RawClient gone = join(a, "1", "presence-lobby");
    gone.close();
    try (RawClient only = join(b, "2", "presence-lobby")) {
      Awaitility.await()
          .until(
              () -> {
                only.send(subscription("presence-lobby"));
                return members(only).equals(List.of("2"));
              });
    }
  }

  @Test
  void whoResumesOnTheOtherNodeIsHeardJoiningAgain() {
    try (RawClient peer = join(a, "1", "presence-resume")) {
      RawClient phone = RawClient.socketIo(a.socketUrl(), Map.of("token", "2", "resume", true));
      phone.send("42[\"subscribe\",{\"channel\":\"presence-resume\"}]");
      assertEquals("2", heard(peer, "presence:joining", 1));
      phone.close();
      assertEquals("2", heard(peer, "presence:leaving", 1));
      String pid = phone.connected().get("pid").asString();
      try (RawClient back = RawClient.socketIo(b.socketUrl(), Map.of("token", "2", "pid", pid))) {
        assertEquals(phone.connected().get("sid"), back.connected().get("sid"));
        assertEquals("2", heard(peer, "presence:joining", 2));
      }
    }
  }

  private static RawClient join(TestRelay node, String user, String channel) {
    RawClient client = RawClient.plain(node.socketUrl(), "token=" + user);
    client.send(subscription(channel));
    Awaitility.await().until(() -> !client.messages("subscribed").isEmpty());
    return client;
  }

  private static String subscription(String channel) {
    return "{\"event\":\"subscribe\",\"data\":{\"channel\":\"%s\"}}".formatted(channel);
  }

  /** Asks again where a node did not answer in time. */
  private static void awaitMembers(List<String> expected, RawClient client) {
    Awaitility.await()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofSeconds(1))
        .atMost(Duration.ofSeconds(20))
        .until(
            () -> {
              if (members(client).equals(expected)) {
                return true;
              }
              client.send(subscription("presence-room"));
              return false;
            });
  }

  private static List<String> members(RawClient client) {
    TreeSet<String> ids = new TreeSet<>();
    JsonNode answer = client.messages("subscribed").getLast();
    answer.get("data").get("members").forEach(member -> ids.add(member.get("user_id").asString()));
    return List.copyOf(ids);
  }

  private static String heard(RawClient client, String event, int count) {
    Awaitility.await().until(() -> client.messages(event).size() >= count);
    return client
        .messages(event)
        .get(count - 1)
        .get("data")
        .get("member")
        .get("user_id")
        .asString();
  }
}
