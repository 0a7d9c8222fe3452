package dev.laravelrelay.e2e;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Stock clients behind an nginx that does not care which node a request belongs to. */
@Timeout(120)
class StickinessE2E {

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
  @EnumSource
  void aPollToTheWrongNodeMakesTheClientConnectAnew(PhoneKind kind) {
    int user = 100 + kind.ordinal();
    try (Balancer nginx = Balancer.roundRobin(nodes.a);
        Phone phone =
            kind.make(
                nginx.url(), Phone.Transports.POLLING, TwoNodes.auth(user), List.of("ring"))) {
      Ears.connect(phone, Phone.Transports.POLLING);

      nginx.reload(nodes.b);
      await("a poll to go astray")
          .atMost(Duration.ofSeconds(20))
          .pollInterval(Duration.ofMillis(300))
          .until(
              () -> {
                nodes.a.emit(ring(user, 1)); // ends the poll that is open; another follows
                return dropped(phone) > 0;
              });
      Heard gone = Ears.first(phone, "disconnect");
      Heard back = Ears.nth(phone, "connect", 2);

      assertEquals("\"transport error\"", gone.args().getFirst());
      Heard last =
          Ears.all(phone, "ring").stream()
              .filter(ring -> ring.nanos() < gone.nanos())
              .reduce((one, next) -> next)
              .orElseThrow();
      Timings.print(kind + ", poll to the wrong node: to its notice", gone.nanos() - last.nanos());
      Timings.print(kind + ", poll to the wrong node: to its return", back.nanos() - last.nanos());
      assertTrue(back.nanos() - gone.nanos() < Duration.ofSeconds(5).toNanos());
      int rings = Ears.all(phone, "ring").size();
      nodes.a.emit(ring(user, 2));
      Ears.nth(phone, "ring", rings + 1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void withoutStickinessOnlyWebSocketWorks(PhoneKind kind) {
    int user = 200 + kind.ordinal();
    try (Balancer nginx = Balancer.roundRobin(nodes.a, nodes.b);
        Phone socket = phone(kind, nginx, Phone.Transports.WEBSOCKET, user);
        Phone polling = phone(kind, nginx, Phone.Transports.POLLING, user)) {
      Ears.connect(socket, Phone.Transports.WEBSOCKET);
      polling.connect();

      await("several tries of the polling client: it hangs in none")
          .atMost(Duration.ofSeconds(20))
          .until(() -> Ears.all(polling, "connect_error").size() + dropped(polling) >= 2);
      nodes.a.emit(ring(user, 1));
      Ears.first(socket, "ring");

      assertEquals(1, Ears.all(socket, "connect").size());
      assertEquals(0, dropped(socket));
    }
  }

  private static int dropped(Phone phone) {
    return Ears.all(phone, "disconnect").size();
  }

  private static Phone phone(
      PhoneKind kind, Balancer nginx, Phone.Transports transports, int user) {
    return kind.make(nginx.url(), transports, TwoNodes.auth(user), List.of("ring"));
  }

  private static String ring(int user, int n) {
    return "{\"user\":%d,\"event\":\"ring\",\"data\":{\"n\":%d},\"hold\":0}".formatted(user, n);
  }
}
