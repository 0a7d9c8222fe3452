package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.DroppingProxy;
import dev.laravelrelay.testing.DroppingProxy.Drop;
import dev.laravelrelay.testing.StockClient;
import dev.laravelrelay.testing.StockClient.Transports;
import dev.laravelrelay.testing.TestRelay;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Events of one emitter to one user arrive in the order in which they were accepted. */
@Timeout(60)
class OrderTest {

  private static TestRelay relay;

  @BeforeAll
  static void start() {
    relay = TestRelay.start(Duration.ofSeconds(2), Duration.ofSeconds(6));
  }

  @AfterAll
  static void stop() {
    relay.close();
  }

  @ParameterizedTest
  @EnumSource
  void overHeldAndLiveWhileTheClientComes(Transports transports) {
    for (int round = 0; round < 5; round++) {
      String user = "comes-" + transports + "-" + round;
      emit(user, 1, 30);
      CompletableFuture<Void> more = CompletableFuture.runAsync(() -> emit(user, 31, 90));
      try (StockClient phone =
          new StockClient(relay.socketUrl(), transports, user, "ring").connect()) {
        more.join();
        phone.await("ring", 90);

        assertEquals(upTo(90), phone.numbers("ring"));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void ofFirstArrivalsOverReconnects(Transports transports) {
    String user = "comes-again-" + transports;
    try (DroppingProxy network = new DroppingProxy(relay.socketPort());
        StockClient phone = new StockClient(network.url(), transports, user, "ring").connect()) {
      for (Drop drop : Drop.values()) {
        int first = 1 + drop.ordinal() * 60;
        CompletableFuture<Void> meanwhile =
            CompletableFuture.runAsync(() -> emit(user, first, first + 59));
        phone.await("ring", first + 10);
        network.drop(drop);
        meanwhile.join();
        network.resetSilent();
        awaitNumber(phone, first + 59);
      }

      List<Integer> heard = phone.numbers("ring");
      assertEquals(upTo(180), heard.stream().distinct().toList());
      assertTrue(heard.size() < 360, () -> "repeats: " + heard);
    }
  }

  private static void awaitNumber(StockClient phone, int number) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> phone.numbers("ring").contains(number));
  }

  private static void emit(String user, int first, int last) {
    for (int n = first; n <= last; n++) {
      relay.emit(
          "{\"user\":\"%s\",\"event\":\"ring\",\"data\":{\"n\":%d},\"hold\":30}"
              .formatted(user, n));
    }
  }

  private static List<Integer> upTo(int last) {
    return IntStream.rangeClosed(1, last).boxed().toList();
  }
}
