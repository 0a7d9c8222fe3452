package dev.laravelrelay.e2e;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.DroppingProxy;
import dev.laravelrelay.testing.DroppingProxy.Drop;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.json.JsonMapper;

/** npm's client and its own connection state recovery, as it knows it from npm's server. */
@Timeout(120)
class RecoveryE2E {

  private static RelayProcess relay;

  @BeforeAll
  static void start() {
    relay =
        RelayProcess.start(
            Map.of("RELAY_AUTH", "none", "RELAY_PING_INTERVAL", "2s", "RELAY_PING_TIMEOUT", "2s"));
  }

  @AfterAll
  static void stop() {
    relay.close();
  }

  @ParameterizedTest
  @EnumSource
  void theJavaScriptClientIsGivenWhatItMissed(Phone.Transports transports) {
    String user = "js-" + transports;
    try (DroppingProxy network = new DroppingProxy(relay.port());
        NodePhone phone =
            new NodePhone(
                network.url().toString(),
                transports.names(),
                Map.of("token", user, "resume", "true"),
                List.of("ring"))) {
      Ears.connect(phone, transports);
      String id = phone.id();
      assertFalse(phone.recovered());
      emit(user, 1, 2);
      awaitRings(phone, 2);
      int connects = 1;
      for (Drop drop : Drop.values()) {
        network.refuse(Duration.ofMillis(300));
        network.drop(drop);
        int first = 3 + 4 * drop.ordinal();
        emit(user, first, first + 1);
        network.resetSilent();
        connects++;
        Ears.nth(phone, "connect", connects);
        emit(user, first + 2, first + 3);
        awaitRings(phone, first + 3);
        assertTrue(phone.recovered());
        assertEquals(id, phone.id());
      }

      List<Integer> rings =
          Ears.all(phone, "ring").stream()
              .map(heard -> JsonMapper.shared().readTree(heard.args().getFirst()).path("n").asInt())
              .toList();
      assertEquals(IntStream.rangeClosed(1, 14).boxed().toList(), rings);
    }
  }

  private static void awaitRings(Phone phone, int count) {
    await("rings")
        .atMost(Duration.ofSeconds(20))
        .until(() -> Ears.all(phone, "ring").size() >= count);
  }

  private static void emit(String user, int first, int last) {
    for (int n = first; n <= last; n++) {
      String body = "{\"user\":\"%s\",\"event\":\"ring\",\"data\":{\"n\":%d}}".formatted(user, n);
      assertEquals(200, relay.emit(body).statusCode());
    }
  }
}
