package dev.laravelrelay.e2e;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.FreePorts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Two nodes behind a real balancer, with the configuration of {@code deploy/}, are one relay. */
@Timeout(180)
class TwoNodesE2E {

  private static final int RUNS = 30;
  private static final Map<String, Function<RelayProcess[], Balancer>> BALANCERS =
      Map.of("nginx", Balancer::nginx, "haproxy", Balancer::haproxy);

  private static TwoNodes nodes;

  @BeforeAll
  static void start() {
    nodes = new TwoNodes(Map.of());
  }

  @AfterAll
  static void stop() {
    nodes.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"nginx", "haproxy"})
  void everyStockClientHearsWhatEitherNodeEmits(String proxy) {
    int user = proxy.length();
    Map<String, Phone> phones = new LinkedHashMap<>();
    try (Balancer balancer = balancer(proxy)) {
      for (PhoneKind kind : PhoneKind.values()) {
        for (Phone.Transports transports : Phone.Transports.values()) {
          String name = kind + " over " + transports;
          Phone phone =
              kind.make(
                  balancer.url("d" + phones.size()),
                  transports,
                  TwoNodes.auth(user),
                  List.of("ring"));
          phones.put(name, phone);
          Ears.connect(phone, transports);
        }
      }
      int all = phones.size();
      await("each phone to be on one node")
          .atMost(Duration.ofSeconds(60))
          .until(() -> TwoNodes.sessions(nodes.a) + TwoNodes.sessions(nodes.b) == all);
      assertTrue(TwoNodes.sessions(nodes.a) > 0, "none is on a");
      assertTrue(TwoNodes.sessions(nodes.b) > 0, "none is on b");

      String fromA = nodes.a.emit(ring(user, 1)).body();
      String fromB = nodes.b.emit(ring(user, 2)).body();

      JsonNode reply = TwoNodes.json(fromA);
      assertEquals("confirmed", reply.path("verdict").asString(), fromA);
      assertEquals(all, reply.path("sessions").asInt(), fromA);
      assertTrue(reply.path("confirmed").asInt() >= 1, fromA);
      assertEquals(TwoNodes.constant(fromA), TwoNodes.constant(fromB));
      phones.forEach(
          (name, phone) -> {
            Ears.nth(phone, "ring", 2);
            assertEquals(List.of(1, 2), numbers(phone), name);
            assertEquals(1, Ears.all(phone, "connect").size(), name);
          });
    } finally {
      phones.values().forEach(Phone::close);
    }
  }

  @Test
  void whoIsOnNeitherNodeIsOfflineOnBoth() {
    String emit = "{\"user\":\"nobody\",\"event\":\"ring\"}";
    String fromA = nodes.a.emit(emit).body();
    assertEquals("offline", TwoNodes.json(fromA).path("verdict").asString(), fromA);
    assertEquals(TwoNodes.constant(fromA), TwoNodes.constant(nodes.b.emit(emit).body()));
  }

  @Test
  void theMainRoadGoesFromNodeToNode() {
    int port = FreePorts.next();
    Map<String, String> told =
        Map.of(
            "CALL_NOTIFY",
            "http",
            "RELAY_URL",
            nodes.a.apiUrl().toString(),
            "RELAY_KEY",
            RelayProcess.KEY,
            "REDIS_PORT",
            Integer.toString(nodes.redis.port()));
    List<Phone> phones = new ArrayList<>();
    try (Balancer nginx = balancer("nginx");
        LaravelProcess laravel = LaravelProcess.start(port, told, "Ana", "Bo")) {
      phones.add(nodes.phoneOn(nodes.b, nginx, auth(laravel, Stage.CALLER), "call:rejected"));
      phones.add(nodes.phoneOn(nodes.b, nginx, auth(laravel, Stage.CALLEE), "call:incoming"));
      Timings fromTap = new Timings("tap to listener, Laravel to one node, phone on the other");
      var callee = Map.of("receiver_id", Integer.toString(Stage.CALLEE));
      for (int run = 1; run <= RUNS; run++) {
        String call =
            TwoNodes.json(laravel.post(Stage.CALLER, "/api/calls", callee).body())
                .path("id")
                .asString();
        Ears.nth(phones.getLast(), "call:incoming", run);

        long tap = System.nanoTime();
        String answer =
            laravel.post(Stage.CALLEE, "/api/calls/" + call + "/reject", Map.of()).body();
        Heard heard = Ears.nth(phones.getFirst(), "call:rejected", run);

        fromTap.add((heard.nanos() - tap) / 1000);
        assertEquals("sent", TwoNodes.json(answer).at("/relay/verdict").asString(), answer);
        assertEquals(call, TwoNodes.json(heard.args().getFirst()).path("callId").asString());
      }
      fromTap.print();
      assertEquals("", laravel.log());
    } finally {
      phones.forEach(Phone::close);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"nginx", "haproxy"})
  void phonesGetInWhileRedisIsAway(String proxy) {
    try (TwoNodes alone = new TwoNodes(Map.of());
        Balancer balancer = BALANCERS.get(proxy).apply(new RelayProcess[] {alone.a, alone.b})) {
      alone.redis.kill();
      if (proxy.equals("haproxy")) {
        await()
            .atMost(Duration.ofSeconds(20))
            .until(() -> balancer.log().contains("Running on backup"));
      }
      try (Phone phone =
          PhoneKind.OKHTTP_3.make(
              balancer.url("d1"), Phone.Transports.UPGRADE, TwoNodes.auth(7), List.of("ring"))) {
        Ears.connect(phone, Phone.Transports.UPGRADE);
        alone.a.emit(ring(7, 1));
        alone.b.emit(ring(7, 1));
        Ears.first(phone, "ring");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"nginx", "haproxy"})
  void whatStandsInDeployIsValid(String proxy) {
    String said = Balancer.check(proxy);
    assertTrue(said.startsWith("exit 0\n"), said);
  }

  private static Balancer balancer(String proxy) {
    return BALANCERS.get(proxy).apply(new RelayProcess[] {nodes.a, nodes.b});
  }

  private static Map<String, String> auth(LaravelProcess laravel, int user) {
    String token =
        TwoNodes.json(laravel.get(user, "/api/socket-token").body()).path("token").asString();
    return Map.of("token", token);
  }

  private static String ring(int user, int n) {
    return "{\"user\":%d,\"event\":\"ring\",\"data\":{\"n\":%d},\"hold\":30,\"confirm\":5000}"
        .formatted(user, n);
  }

  private static List<Integer> numbers(Phone phone) {
    return Ears.all(phone, "ring").stream()
        .map(heard -> TwoNodes.json(heard.args().getFirst()).path("n").asInt())
        .toList();
  }
}
