package dev.laravelrelay.testing;

import io.socket.client.IO;
import io.socket.client.Manager;
import io.socket.client.Socket;
import io.socket.parser.Packet;
import io.socket.parser.Parser;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import okhttp3.Dispatcher;
import okhttp3.OkHttpClient;
import org.awaitility.Awaitility;
import org.json.JSONArray;
import org.json.JSONObject;

/** The stock Android client, which notes what its listeners are called with. */
public final class StockClient implements AutoCloseable {

  /** How it connects, with its options' names. */
  public enum Transports {
    POLLING("polling"),
    WEBSOCKET("websocket"),
    UPGRADE("polling", "websocket");

    private final String[] names;

    Transports(String... names) {
      this.names = names;
    }
  }

  /** What a listener was called with, and {@link System#nanoTime()} then. */
  public record Heard(String event, List<Object> args, long nanos) {

    /** The field {@code n} of the data. */
    public int number() {
      return ((JSONObject) args.getFirst()).optInt("n");
    }
  }

  /** Shared by hundreds of clients: by default OkHttp has five requests to a host under way. */
  private static final OkHttpClient HTTP = http();

  private final Socket socket;
  private final Map<String, String> auth;
  private final List<Heard> heard = new CopyOnWriteArrayList<>();

  /** A client whose token is the user's id; not connected yet. */
  public StockClient(URI url, Transports transports, String user, String... events) {
    auth = new HashMap<>(Map.of("token", user));
    IO.Options options = new IO.Options();
    options.forceNew = true;
    options.transports = transports.names;
    options.auth = auth;
    options.callFactory = HTTP;
    options.webSocketFactory = HTTP;
    socket = IO.socket(url, options);
    listen(Socket.EVENT_CONNECT);
    listen(Socket.EVENT_DISCONNECT);
    for (String event : events) {
      listen(event);
    }
  }

  private static OkHttpClient http() {
    Dispatcher dispatcher = new Dispatcher();
    dispatcher.setMaxRequests(10_000);
    dispatcher.setMaxRequestsPerHost(10_000);
    return new OkHttpClient.Builder()
        .readTimeout(Duration.ofMinutes(1))
        .dispatcher(dispatcher)
        .build();
  }

  private void listen(String event) {
    socket.on(event, args -> heard.add(new Heard(event, Arrays.asList(args), System.nanoTime())));
  }

  /** Asks for being resumed: the lines that the README shows. */
  public StockClient resumable() {
    auth.put("resume", "true");
    socket
        .io()
        .on(
            Manager.EVENT_PACKET,
            args -> {
              Packet<?> packet = (Packet<?>) args[0];
              if (packet.type == Parser.CONNECT && packet.data instanceof JSONObject opened) {
                auth.put("pid", opened.optString("pid"));
              }
              if (packet.type == Parser.EVENT
                  && packet.data instanceof JSONArray event
                  && event.opt(event.length() - 1) instanceof String offset) {
                auth.put("offset", offset);
              }
            });
    return this;
  }

  /** Connects; returns when the listener of {@code connect} has been called. */
  public StockClient connect() {
    int before = count(Socket.EVENT_CONNECT);
    socket.connect();
    await(Socket.EVENT_CONNECT, before + 1);
    return this;
  }

  /** The client's socket itself. */
  public Socket socket() {
    return socket;
  }

  /** The map that the client reads at each connect. */
  public Map<String, String> auth() {
    return auth;
  }

  /** Calls of the listener of this event so far, in order. */
  public List<Heard> heard(String event) {
    return heard.stream().filter(one -> one.event().equals(event)).toList();
  }

  /** The numbers in the data of this event's calls. */
  public List<Integer> numbers(String event) {
    return heard(event).stream().map(Heard::number).toList();
  }

  public int count(String event) {
    return heard(event).size();
  }

  /** Waits for this many calls; answers all there are. */
  public List<Heard> await(String event, int count) {
    Awaitility.await(event + " number " + count)
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(2))
        .until(() -> count(event) >= count);
    return heard(event);
  }

  @Override
  public void close() {
    socket.close();
  }
}
