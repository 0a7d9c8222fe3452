package dev.laravelrelay.socket;

import static dev.laravelrelay.testing.Deliveries.request;
import static dev.laravelrelay.testing.RawWebSocket.CLOSE;
import static dev.laravelrelay.testing.RawWebSocket.PING;
import static dev.laravelrelay.testing.RawWebSocket.PONG;
import static dev.laravelrelay.testing.RawWebSocket.TEXT;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.event.Terms;
import dev.laravelrelay.testing.LiveRelay;
import dev.laravelrelay.testing.RawWebSocket;
import dev.laravelrelay.testing.SocketConfigs;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class SlowReaderTest {

  private static final int BYTES = 8_000;

  @Test
  void aReaderWhoHasStoppedIsClosedAndCountedAndItsNeighbourMissesNothing() {
    try (LiveRelay relay = new LiveRelay(SocketConfigs.calm());
        RawWebSocket stopped = relay.admitted("1");
        RawWebSocket neighbour = relay.admitted("2")) {
      int sent = 0;
      while (relay.node.registry.ofUser("1").length > 0) {
        emit(relay, sent);
        String got = neighbour.text();
        assertEquals(
            "42[\"call:rejected\",{\"n\":" + sent + ",",
            got.substring(0, got.indexOf(",", 22) + 1));
        sent++;
      }
      await().until(() -> relay.sockets.connections() == 1);
      assertCounted(relay);
      neighbour.text("3");
      assertEquals(1, relay.node.registry.size());
      await().until(() -> isRefused(stopped));
    }
  }

  @Test
  void aPlainReaderWhoHasStoppedLosesItsConnectionToo() {
    try (LiveRelay relay = new LiveRelay(SocketConfigs.calm());
        RawWebSocket stopped = RawWebSocket.narrow(relay.port(), "/ws?token=1")) {
      stopped.text();
      AtomicInteger sent = new AtomicInteger();
      // What the client acknowledges lets the relay's system grow its buffer, up to its limit.
      await()
          .atMost(Duration.ofSeconds(30))
          .pollInterval(Duration.ofMillis(1))
          .until(
              () -> {
                emit(relay, sent.getAndIncrement());
                return isRefused(stopped);
              });
      assertCounted(relay);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {TEXT, CLOSE})
  void whoReadsNoPongLosesItsConnectionWhateverEndsIt(int last) {
    byte[] ping = RawWebSocket.frame(true, PING, true, new byte[125]);
    ByteBuffer pings = ByteBuffer.allocate(1_000 * ping.length);
    while (pings.hasRemaining()) {
      pings.put(ping);
    }
    try (Echo echo = new Echo(SocketConfigs.calm());
        RawWebSocket stopped =
            RawWebSocket.narrow(echo.port(), "/socket.io/?EIO=4&transport=websocket")) {
      // More than any system's buffers hold.
      for (int i = 0; i < 150; i++) {
        stopped.write(pings.array());
      }
      stopped.frame(last);
      await().until(() -> echo.connections() == 0);
      await().until(() -> isRefused(stopped));
    }
  }

  private static void emit(LiveRelay relay, int n) {
    String data = "{\"n\":%d,\"filler\":\"%s\"}".formatted(n, "x".repeat(BYTES));
    relay.node.emitter.emit(
        request(
            new Event(
                "e" + n, "call:rejected", RawJson.of(data), new Target.Everyone(), Terms.NONE, 0)));
  }

  private static void assertCounted(LiveRelay relay) {
    assertEquals(
        1,
        relay
            .node
            .meters
            .get("relay_sessions_closed")
            .tag("reason", "slow client")
            .counter()
            .count());
  }

  /** Whether the relay's system refuses what the client sends: the connection is closed. */
  private static boolean isRefused(RawWebSocket client) {
    try {
      client.frame(PONG);
      return false;
    } catch (AssertionError refused) {
      return true;
    }
  }
}
