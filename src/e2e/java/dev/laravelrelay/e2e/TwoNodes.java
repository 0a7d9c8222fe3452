package dev.laravelrelay.e2e;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Two relays and the Redis that makes them one. */
final class TwoNodes implements AutoCloseable {

  final RedisProcess redis = RedisProcess.start();
  final RelayProcess a;
  final RelayProcess b;

  /** With these settings, besides those that they need; clients prove who they are by JWT. */
  TwoNodes(Map<String, String> settings) {
    Map<String, String> all = new TreeMap<>(settings);
    all.put("RELAY_AUTH", "jwt");
    all.put("RELAY_JWT_SECRET", LaravelProcess.JWT_SECRET);
    all.put("RELAY_REDIS_URL", redis.url());
    a = RelayProcess.start(all);
    b = RelayProcess.start(all);
  }

  /** What a phone of this user says of itself. */
  static Map<String, String> auth(int user) {
    return Map.of("token", Tokens.of(user, Instant.now().plus(1, ChronoUnit.HOURS)));
  }

  static int sessions(RelayProcess node) {
    return json(node.get("/health").body()).path("sessions").asInt();
  }

  /** A connected phone on that node: under one name after the other, until one leads there. */
  Phone phoneOn(RelayProcess node, Balancer balancer, Map<String, String> auth, String... events) {
    for (int device = 0; device < 100; device++) {
      int before = sessions(node);
      Phone phone =
          PhoneKind.OKHTTP_3.make(
              balancer.url("phone-" + device), Phone.Transports.UPGRADE, auth, List.of(events));
      Ears.connect(phone, Phone.Transports.UPGRADE);
      if (sessions(node) > before) {
        return phone;
      }
      int all = sessions(a) + sessions(b);
      phone.close();
      await().atMost(Duration.ofSeconds(10)).until(() -> sessions(a) + sessions(b) < all);
    }
    throw new AssertionError("no name leads to that node");
  }

  /** The reply to an emit, without what differs from emit to emit. */
  static Map<String, Object> constant(@Nullable String reply) {
    Map<String, Object> constant = new TreeMap<>();
    json(String.valueOf(reply))
        .properties()
        .forEach(field -> constant.put(field.getKey(), field.getValue()));
    List.of("id", "elapsed_ms", "confirmed", "held_until").forEach(constant::remove);
    return constant;
  }

  static JsonNode json(String text) {
    return JsonMapper.shared().readTree(text);
  }

  @Override
  public void close() {
    a.close();
    b.close();
    redis.close();
  }
}
