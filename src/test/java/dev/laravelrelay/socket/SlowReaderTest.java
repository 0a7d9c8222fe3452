package dev.laravelrelay.socket;

import static dev.laravelrelay.testing.Deliveries.request;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.event.Terms;
import dev.laravelrelay.testing.LiveRelay;
import dev.laravelrelay.testing.RawWebSocket;
import dev.laravelrelay.testing.SocketConfigs;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SlowReaderTest {

  private static final int BYTES = 8_000;

  @Test
  void aReaderWhoHasStoppedIsClosedAndCountedAndItsNeighbourMissesNothing() {
    try (LiveRelay relay = new LiveRelay(SocketConfigs.calm());
        RawWebSocket stopped = relay.admitted("1");
        RawWebSocket neighbour = relay.admitted("2")) {
      int sent = 0;
      String filler = "x".repeat(BYTES);
      while (relay.node.registry.ofUser("1").length > 0) {
        Event event =
            new Event(
                "e" + sent,
                "call:rejected",
                RawJson.of("{\"n\":" + sent + ",\"filler\":\"" + filler + "\"}"),
                new Target.Everyone(),
                Terms.NONE,
                0);
        relay.node.emitter.emit(request(event));
        String got = neighbour.text();
        assertEquals(
            "42[\"call:rejected\",{\"n\":" + sent + ",",
            got.substring(0, got.indexOf(",", 22) + 1));
        sent++;
      }
      await().until(() -> relay.sockets.connections() == 1);
      assertEquals(
          1,
          relay
              .node
              .meters
              .get("relay_sessions_closed")
              .tag("reason", "slow client")
              .counter()
              .count());
      neighbour.text("3");
      assertEquals(1, relay.node.registry.size());
    }
  }
}
