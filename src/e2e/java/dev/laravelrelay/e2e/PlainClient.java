package dev.laravelrelay.e2e;

import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.java_websocket.client.WebSocketClient;
import org.java_websocket.handshake.ServerHandshake;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A bare WebSocket (Java-WebSocket) on {@code /ws}, which records what it is told. */
final class PlainClient implements AutoCloseable {

  /** How the connection ended. */
  record Closed(int code, String reason, boolean byRelay, long nanos) {}

  private final CopyOnWriteArrayList<JsonNode> messages = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Closed> closed = new CompletableFuture<>();
  private final WebSocketClient socket;

  /** Connects to this address. */
  PlainClient(URI url) {
    socket =
        new WebSocketClient(url) {
          @Override
          public void onOpen(ServerHandshake handshake) {}

          @Override
          public void onMessage(String message) {
            messages.add(JsonMapper.shared().readTree(message));
          }

          @Override
          public void onClose(int code, String reason, boolean remote) {
            closed.complete(new Closed(code, reason, remote, System.nanoTime()));
          }

          @Override
          public void onError(Exception failure) {
            closed.completeExceptionally(failure);
          }
        };
    socket.connect();
  }

  void send(String json) {
    socket.send(json);
  }

  /** The {@code count}th message with this event name, waited for. */
  JsonNode nth(String event, int count) {
    await(event + " number " + count)
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(2))
        .until(() -> all(event).size() >= count);
    return all(event).get(count - 1);
  }

  JsonNode first(String event) {
    return nth(event, 1);
  }

  List<JsonNode> all(String event) {
    return messages.stream()
        .filter(message -> message.path("event").asString("").equals(event))
        .toList();
  }

  CompletableFuture<Closed> closed() {
    return closed;
  }

  @Override
  public void close() {
    socket.close();
  }
}
