package dev.laravelrelay.socket;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.LiveRelay;
import dev.laravelrelay.testing.RawHttp;
import dev.laravelrelay.testing.RawWebSocket;
import dev.laravelrelay.testing.SocketConfigs;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients come and go in every way, and leave nothing behind. */
@Timeout(180)
class ChurnTest {

  private static final int WARM_UP = 2_000;
  private static final int CLIENTS = Integer.getInteger("relay.churn", 20_000);
  private static final int AT_ONCE = 16;
  private static final long LOOSE_BYTES = 8L << 20;
  private static final int LOOSE_THREADS = 5;

  @Test
  void aChurnOfClientsLeavesTheRelayAsItWas() throws Exception {
    try (LiveRelay relay = new LiveRelay(SocketConfigs.calm())) {
      churn(relay, WARM_UP);
      long heap = liveHeap(relay);
      int threads = ManagementFactory.getThreadMXBean().getThreadCount();

      churn(relay, CLIENTS);

      long grown = liveHeap(relay) - heap;
      assertTrue(grown < LOOSE_BYTES, "the heap has grown by " + grown + " bytes");
      int started = ManagementFactory.getThreadMXBean().getThreadCount() - threads;
      assertTrue(started <= LOOSE_THREADS, started + " threads are left");
      assertEquals(WARM_UP + CLIENTS, relay.node.count("relay_sessions_opened"));
      assertEquals(WARM_UP + CLIENTS, relay.node.count("relay_sessions_closed"));
    }
  }

  private static long liveHeap(LiveRelay relay) {
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> relay.node.registry.size() == 0 && relay.sockets.connections() == 0);
    assertEquals(0, relay.node.registry.users());
    assertEquals(0, relay.node.channels.size());
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static void churn(LiveRelay relay, int clients) throws Exception {
    List<Future<?>> done = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE)) {
      for (int i = 0; i < AT_ONCE; i++) {
        int first = i;
        done.add(
            threads.submit(
                () -> {
                  for (int n = first; n < clients; n += AT_ONCE) {
                    comeAndGo(relay, n);
                  }
                }));
      }
      for (Future<?> one : done) {
        one.get();
      }
    }
  }

  private static void comeAndGo(LiveRelay relay, int n) {
    String user = "u" + n % 500;
    switch (n % 10) {
      case 8 -> plain(relay, user);
      case 9 -> polling(relay, user);
      default -> {
        try (RawWebSocket socket = relay.admitted(user)) {
          switch (n % 10) {
            case 0 -> socket.text("1");
            case 1 -> socket.text("41");
            case 2 -> socket.frame(RawWebSocket.CLOSE, (byte) 3, (byte) 0xE8);
            case 3 -> socket.reset();
            case 4 -> socket.text("what?");
            case 5 -> socket.binary((byte) 1);
            case 6 -> {
              socket.text("420[\"subscribe\",{\"channel\":\"news\"}]");
              socket.text();
            }
            default -> socket.write(new byte[] {(byte) 0xFF, 0});
          }
        }
      }
    }
  }

  private static void plain(LiveRelay relay, String user) {
    try (RawWebSocket socket = new RawWebSocket(relay.port(), "/ws?token=" + user)) {
      assertTrue(socket.text().contains("connected"));
    }
  }

  private static void polling(LiveRelay relay, String user) {
    try (RawHttp http = new RawHttp(relay.port())) {
      String uri = "/socket.io/?EIO=4&transport=polling";
      uri += "&sid=" + Echo.sid(http.request("GET", uri, "").body());
      http.request("POST", uri, "40{\"token\":\"" + user + "\"}");
      assertTrue(http.request("GET", uri, "").body().startsWith("40"));
      http.send("GET", uri, "");
    }
  }
}
