package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.laravelrelay.testing.LaravelHooks;
import dev.laravelrelay.testing.StockClient;
import dev.laravelrelay.testing.StockClient.Transports;
import dev.laravelrelay.testing.TestRelay;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a relay that stops still tells Laravel. */
@Timeout(60)
class LastWordsTest {

  @Test
  void whoWasHereIsAwayWhenTheOnlyRelayStops() throws Exception {
    try (LaravelHooks laravel = new LaravelHooks()) {
      StockClient phone;
      try (TestRelay relay = TestRelay.start(laravel.config(Duration.ofMinutes(5)))) {
        phone = new StockClient(relay.socketUrl(), Transports.WEBSOCKET, "7").connect();
        laravel.await("user_online", 1);
      }
      phone.close();
      assertEquals("7", laravel.await("user_offline", 1).getFirst().at("/data/user").asString());
    }
  }

  @Test
  void aLaravelThatIsDownDoesNotKeepARelayFromStopping() throws Exception {
    try (LaravelHooks laravel = new LaravelHooks()) {
      laravel.answer(
          exchange -> {
            throw new IllegalStateException("down");
          });
      TestRelay relay = TestRelay.start(laravel.config(Duration.ZERO));
      try (StockClient phone =
          new StockClient(relay.socketUrl(), Transports.WEBSOCKET, "7").connect()) {
        assertEquals(true, phone.socket().connected());
        long start = System.nanoTime();
        relay.close();
        long seconds = Duration.ofNanos(System.nanoTime() - start).toSeconds();
        assertEquals(true, seconds < 10, () -> seconds + " s");
      }
    }
  }
}
