package dev.laravelrelay.e2e.conformance;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Plays a client of each transport once, so that the suites, which allow 300 ms for an answer, do
 * not meet a process that is still loading its classes.
 */
final class Rehearsal {

  private static final long PATIENCE_SECONDS = 10;

  private Rehearsal() {}

  static void play(int port) throws Exception {
    String address = "://127.0.0.1:" + port + "/socket.io/?EIO=4&transport=";
    CountDownLatch joined = new CountDownLatch(1);
    CountDownLatch answered = new CountDownLatch(1);
    WebSocket.Listener listener =
        new WebSocket.Listener() {
          @Override
          public @Nullable CompletionStage<?> onText(
              WebSocket socket, CharSequence text, boolean last) {
            if (text.toString().startsWith("42[\"auth\"")) {
              joined.countDown();
            } else if (text.toString().startsWith("43")) {
              answered.countDown();
            }
            return WebSocket.Listener.super.onText(socket, text, last);
          }
        };
    try (HttpClient client = HttpClient.newHttpClient()) {
      URI polling = URI.create("http" + address + "polling");
      client.send(HttpRequest.newBuilder(polling).build(), BodyHandlers.ofString());
      WebSocket socket =
          client
              .newWebSocketBuilder()
              .buildAsync(URI.create("ws" + address + "websocket"), listener)
              .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      socket.sendText("40{}", true).get();
      if (!joined.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException("the rehearsal failed: not let in");
      }
      socket.sendText("421[\"message-with-ack\",1]", true).get();
      if (!answered.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException("the rehearsal failed: no answer");
      }
      socket.abort();
    }
  }
}
