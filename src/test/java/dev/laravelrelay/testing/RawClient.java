package dev.laravelrelay.testing;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.java_websocket.WebSocket;
import org.java_websocket.client.WebSocketClient;
import org.java_websocket.framing.Framedata;
import org.java_websocket.handshake.ServerHandshake;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A bare WebSocket, for Socket.IO packets or plain JSON: notes the frames in order and counts the
 * pings of both kinds. It answers them unless it is told not to.
 */
public final class RawClient implements AutoCloseable {

  private final List<String> frames = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Integer> closed = new CompletableFuture<>();
  private final AtomicInteger pings = new AtomicInteger();
  private final WebSocketClient socket;
  private volatile boolean answering = true;

  private RawClient(URI url) {
    socket =
        new WebSocketClient(url) {
          @Override
          public void onOpen(ServerHandshake handshake) {}

          @Override
          public void onMessage(String message) {
            heard(message);
          }

          @Override
          public void onWebsocketPing(WebSocket connection, Framedata frame) {
            pings.incrementAndGet();
            if (answering) {
              super.onWebsocketPing(connection, frame);
            }
          }

          @Override
          public void onClose(int code, String reason, boolean remote) {
            closed.complete(code);
          }

          @Override
          public void onError(Exception failure) {
            frames.add("error: " + failure);
          }
        };
    socket.setConnectionLostTimeout(0);
    try {
      if (!socket.connectBlocking()) {
        throw new IllegalStateException("cannot connect to " + url);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Joins the main namespace with this auth, as the JavaScript client does. */
  public static RawClient socketIo(URI http, Map<String, ?> auth) {
    return socketIo(http, auth, true);
  }

  /** As {@link #socketIo}, but it never answers a ping. */
  public static RawClient deaf(URI http, Map<String, ?> auth) {
    return socketIo(http, auth, false);
  }

  private static RawClient socketIo(URI http, Map<String, ?> auth, boolean answering) {
    RawClient client =
        new RawClient(
            URI.create(
                "ws:" + http.getSchemeSpecificPart() + "/socket.io/?EIO=4&transport=websocket"));
    client.answering = answering;
    client.socket.send("40" + JsonMapper.shared().writeValueAsString(auth));
    client.await(() -> client.has("40{"));
    return client;
  }

  /** Offers a WebSocket to a polling connection; returns when the server is ready for it. */
  public static RawClient probing(URI http, String sid) {
    RawClient client =
        new RawClient(
            URI.create(
                "ws:"
                    + http.getSchemeSpecificPart()
                    + "/socket.io/?EIO=4&transport=websocket&sid="
                    + sid));
    client.answering = false;
    client.send("2probe");
    client.await(() -> client.has("3probe"));
    return client;
  }

  /** Connects to {@code /ws} with this query. */
  public static RawClient plain(URI http, String query) {
    RawClient client =
        new RawClient(URI.create("ws:" + http.getSchemeSpecificPart() + "/ws?" + query));
    client.await(() -> client.has("{\"event\":\"connected\""));
    return client;
  }

  private void heard(String message) {
    frames.add(message);
    if (message.equals("2")) {
      pings.incrementAndGet();
      if (answering) {
        socket.send("3");
      }
    }
  }

  public void send(String message) {
    socket.send(message);
  }

  /** Pings that came so far, of Engine.IO and of WebSocket. */
  public int pings() {
    return pings.get();
  }

  /** Waits until this many text messages have come; all of them. */
  public List<String> awaitFrames(int count) {
    await(() -> frames.size() >= count);
    return frames();
  }

  /** All text messages, in order. */
  public List<String> frames() {
    return List.copyOf(frames);
  }

  /** What {@code 40} said: sid and pid. */
  public JsonNode connected() {
    return JsonMapper.shared()
        .readTree(
            frames.stream()
                .filter(f -> f.startsWith("40{"))
                .findFirst()
                .orElseThrow()
                .substring(2));
  }

  /** What the message {@code connected} of plain JSON said. */
  public JsonNode plainConnected() {
    return JsonMapper.shared().readTree(frames.getFirst()).get("data");
  }

  /** The argument lists of the Socket.IO events with this name. */
  public List<JsonNode> events(String name) {
    return frames.stream()
        .filter(frame -> frame.startsWith("42["))
        .map(frame -> JsonMapper.shared().readTree(frame.substring(2)))
        .filter(event -> event.get(0).asString().equals(name))
        .toList();
  }

  /** The plain messages with this name. */
  public List<JsonNode> messages(String name) {
    return frames.stream()
        .filter(frame -> frame.startsWith("{"))
        .map(frame -> JsonMapper.shared().readTree(frame))
        .filter(message -> message.path("event").asString("").equals(name))
        .toList();
  }

  /** The field {@code n} of the data of each event with this name, whatever the protocol. */
  public List<Integer> numbers(String name) {
    List<JsonNode> data =
        frames.stream().anyMatch(frame -> frame.startsWith("40{"))
            ? events(name).stream().map(event -> event.get(1)).toList()
            : messages(name).stream().map(message -> message.get("data")).toList();
    return data.stream().map(object -> object.get("n").asInt()).toList();
  }

  /** Waits until {@code count} events with this name have come; their numbers. */
  public List<Integer> awaitNumbers(String name, int count) {
    await(() -> numbers(name).size() >= count);
    return numbers(name);
  }

  private boolean has(String start) {
    return frames.stream().anyMatch(frame -> frame.startsWith(start));
  }

  private void await(Callable<Boolean> condition) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .pollInterval(Duration.ofMillis(2))
        .until(condition);
  }

  /** The code with which the connection ended. */
  public int awaitClose() {
    return closed.orTimeout(20, TimeUnit.SECONDS).join();
  }

  @Override
  public void close() {
    socket.close();
  }
}
