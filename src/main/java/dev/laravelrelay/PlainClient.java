package dev.laravelrelay;

import dev.laravelrelay.Main.Terminal;
import dev.laravelrelay.protocol.CloseReason;
import java.net.ConnectException;
import java.net.URI;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.java_websocket.client.WebSocketClient;
import org.java_websocket.handshake.ServerHandshake;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One connection to {@code /ws}; its events are printed as they come, from one thread. */
final class PlainClient extends WebSocketClient {

  /**
   * How a connection ended.
   *
   * @param wasOpen whether it had been made
   * @param refused whether to try again would be no use
   */
  record Ending(boolean wasOpen, boolean refused, String reason) {}

  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();

  private final List<String> channels;
  private final Terminal terminal;
  private final CompletableFuture<Ending> ended = new CompletableFuture<>();
  private volatile boolean wasOpen;
  private volatile String failure = "";

  PlainClient(URI url, String token, List<String> channels, Terminal terminal) {
    super(url, Map.of("Authorization", "Bearer " + token));
    this.channels = channels;
    this.terminal = terminal;
  }

  /** Connects; returns when the connection has ended. */
  Ending awaitEnding() throws InterruptedException {
    connect();
    try {
      return ended.get();
    } catch (ExecutionException impossible) {
      throw new IllegalStateException(impossible);
    } catch (InterruptedException e) {
      close();
      throw e;
    }
  }

  @Override
  public void onOpen(ServerHandshake handshake) {
    wasOpen = true;
    terminal.err().println("connected to " + getURI());
    channels.forEach(
        channel ->
            send(
                JSON.writeValueAsString(
                    Map.of("event", "subscribe", "data", Map.of("channel", channel)))));
  }

  @Override
  public void onMessage(String message) {
    terminal
        .out()
        .println(LocalTime.now(ZoneId.systemDefault()).format(TIME) + " " + shown(message));
    terminal.out().flush();
  }

  @Override
  public void onClose(int code, String reason, boolean remote) {
    ended.complete(new Ending(wasOpen, isRefusal(code, reason), words(code, reason)));
  }

  @Override
  public void onError(Exception e) {
    failure = e instanceof ConnectException ? "no relay answers at " + getURI() : e.toString();
  }

  private String words(int code, String reason) {
    if (!wasOpen && !failure.isEmpty()) {
      return failure;
    }
    return reason.isEmpty() ? "closed with code " + code : reason;
  }

  /** A close that asks not to come back, or an answer to the handshake that will not change. */
  private static boolean isRefusal(int code, String reason) {
    return reason.matches("(?s).*status code received: 40[0134].*")
        || Arrays.stream(CloseReason.values())
            .anyMatch(it -> it.code() == code && !it.clientMayRetry());
  }

  private static String shown(String message) {
    try {
      JsonNode event = JSON.readTree(message);
      String name = event.path("event").asString("").replaceAll("\\p{Cntrl}", "?");
      return event.has("data") ? name + " " + event.get("data") : name;
    } catch (JacksonException e) {
      return message.replaceAll("\\p{Cntrl}", "?");
    }
  }
}
