package dev.laravelrelay.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.ClusterRedis;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.StreamEntryID;
import tools.jackson.databind.JsonNode;

/** Two relays over a Redis Cluster, with stock clients and every way in. */
@Timeout(120)
class ClusterE2E {

  /** Some on each of the three masters. */
  private static final List<Integer> USERS = List.of(1, 2, 3, 4, 5, 6, 7, 8);

  private static ClusterRedis redis;
  private static RelayProcess a;
  private static RelayProcess b;

  @BeforeAll
  static void start() {
    redis = ClusterRedis.start();
    a = RelayProcess.start(Map.of("RELAY_REDIS_URL", redis.url()));
    b = RelayProcess.start(Map.of("RELAY_REDIS_URL", redis.url()));
  }

  @AfterAll
  static void stop() {
    b.close();
    a.close();
    redis.close();
  }

  @Test
  void everyWayInLeadsToThePhoneOnTheOtherNode() {
    try (RedisClusterClient laravel = redis.client()) {
      for (int user : USERS) {
        String event = "{\"user\":%d,\"event\":\"ring\",\"data\":{\"n\":%d}%s}";
        assertEquals("held", verdict(a.emit(event.formatted(user, 1, ",\"hold\":30"))));
        try (Phone phone = phone(b, user, "ring")) {
          Ears.nth(phone, "ring", 1);
          assertEquals("confirmed", verdict(a.emit(event.formatted(user, 2, ",\"confirm\":8000"))));
          laravel.publish(
              "laravel_database_private-App.Models.User." + user,
              "{\"event\":\"ring\",\"data\":{\"n\":3},\"socket\":null}");
          Ears.nth(phone, "ring", 3);
          laravel.xadd(
              "laravel_database_relay:emit",
              StreamEntryID.NEW_ENTRY,
              Map.of("emit", event.formatted(user, 4, "")));
          Ears.nth(phone, "ring", 4);
          assertEquals(
              List.of(1, 2, 3, 4),
              Ears.all(phone, "ring").stream().map(ClusterE2E::number).toList());
        }
      }
    }
  }

  @Test
  void aCallThatIsRejectedOnOneNodeStopsRingingOnTheOther() {
    for (int user : USERS) {
      int callee = user + 100;
      String call = "c-" + user;
      try (Phone caller = phone(b, user, "call:rejected");
          Phone phone = phone(a, callee, "call:incoming")) {
        a.emit(
            """
            {"user":%d,"event":"call:incoming","data":{"callId":"%s"},
             "call":{"caller":"%d","receiver":"%d"}}"""
                .formatted(callee, call, user, callee));
        Ears.first(phone, "call:incoming");
        phone.tell("call:reject", "{\"callId\":\"%s\"}".formatted(call));
        Heard rejected = Ears.first(caller, "call:rejected");
        assertTrue(rejected.args().getFirst().contains(call), rejected.args().toString());
      }
    }
  }

  private static Phone phone(RelayProcess node, int user, String... events) {
    Phone phone =
        PhoneKind.OKHTTP_4.make(
            node.socketUrl().toString(),
            Phone.Transports.UPGRADE,
            Map.of("token", Integer.toString(user)),
            List.of(events));
    Ears.connect(phone, Phone.Transports.UPGRADE);
    return phone;
  }

  private static int number(Heard heard) {
    return TwoNodes.json(heard.args().getFirst()).path("n").asInt();
  }

  private static String verdict(HttpResponse<String> reply) {
    JsonNode body = TwoNodes.json(reply.body());
    return body.path("verdict").asString();
  }
}
