package dev.laravelrelay;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.protocol.CloseReason;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.java_websocket.WebSocket;
import org.java_websocket.handshake.ClientHandshake;
import org.java_websocket.server.WebSocketServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ListenCommandTest {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final Relay relay = new Relay();

  @BeforeEach
  void startRelay() throws InterruptedException {
    relay.start();
    assertTrue(relay.started.await(10, TimeUnit.SECONDS));
  }

  @AfterEach
  void stopRelay() throws InterruptedException {
    relay.stop(1_000);
  }

  @Test
  void printsEventsComesBackAndStopsWhenRefused() throws Exception {
    CompletableFuture<Integer> code = listen("--token", "42", "--channel", "news");

    WebSocket first = relay.clients.take();
    assertEquals("Bearer 42", relay.tokens.take());
    assertEquals("{\"channel\":\"news\"}", relay.subscriptions.take());
    first.send("{\"event\":\"call:rejected\",\"data\":{\"n\":1.10,\"b\":[]},\"id\":\"1\"}");
    await().until(() -> out.toString().endsWith(System.lineSeparator()));
    first.closeConnection(1006, "gone");
    WebSocket second = relay.clients.take();
    second.close(CloseReason.UNAUTHORIZED.code(), CloseReason.UNAUTHORIZED.text());

    assertEquals(1, code.get(20, TimeUnit.SECONDS));
    String line = out.toString().strip();
    assertTrue(
        line.matches("\\d\\d:\\d\\d:\\d\\d\\.\\d{3} call:rejected \\{\"n\":1\\.10,\"b\":\\[]}"),
        line);
    assertTrue(err.toString().contains("again in 1 s"), err::toString);
    assertTrue(err.toString().contains("The relay refused: unauthorized."), err::toString);
  }

  private CompletableFuture<Integer> listen(String... flags) {
    String[] args = new String[flags.length + 3];
    args[0] = "listen";
    args[1] = "--url";
    args[2] = "ws://127.0.0.1:" + relay.getPort() + "/ws";
    System.arraycopy(flags, 0, args, 3, flags.length);
    Main.Terminal terminal =
        new Main.Terminal(new PrintStream(out), new PrintStream(err), Map.of());
    return CompletableFuture.supplyAsync(() -> Main.run(terminal, args));
  }

  /** A server that notes who connects and what is asked. */
  private static final class Relay extends WebSocketServer {

    private final CountDownLatch started = new CountDownLatch(1);
    private final BlockingQueue<WebSocket> clients = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> tokens = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> subscriptions = new LinkedBlockingQueue<>();

    private Relay() {
      super(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    @Override
    public void onStart() {
      started.countDown();
    }

    @Override
    public void onOpen(WebSocket client, ClientHandshake handshake) {
      tokens.add(handshake.getFieldValue("Authorization"));
      clients.add(client);
    }

    @Override
    public void onMessage(WebSocket client, String message) {
      assertTrue(message.contains("\"event\":\"subscribe\""), message);
      subscriptions.add(message.replaceFirst(".*\"data\":(\\{[^}]*}).*", "$1"));
    }

    @Override
    public void onClose(WebSocket client, int code, String reason, boolean remote) {}

    @Override
    public void onError(WebSocket client, Exception e) {}
  }
}
