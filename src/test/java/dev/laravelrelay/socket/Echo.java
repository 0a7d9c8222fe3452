package dev.laravelrelay.socket;

import dev.laravelrelay.config.SocketConfig;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.protocol.Frame;
import dev.laravelrelay.protocol.SocketIo;
import dev.laravelrelay.session.SocketIds;
import dev.laravelrelay.testing.RawHttp;
import dev.laravelrelay.testing.RawWebSocket;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A server that echoes Engine.IO messages and Socket.IO events, and tells why clients left. */
final class Echo implements AutoCloseable {

  /** Before a reason: the Engine.IO connection ends for it. */
  static final String LEAVE = "leave: ";

  /** Every plain client's session cannot be opened. */
  private static final PlainApplication.Admission BROKEN =
      new PlainApplication.Admission.Admitted(
          connection -> {
            throw new IllegalStateException("broken");
          });

  final BlockingQueue<String> left = new LinkedBlockingQueue<>();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final SocketServer server;

  Echo(SocketConfig config) {
    server = new SocketServer(config, () -> 0, new RelayMetrics(meters));
    server.mountEngineIo("/engine.io/", (connection, handshake) -> new Engine(connection));
    server.mountSocketIo("/socket.io/", this::connect);
    server.mountPlain("/ws", handshake -> CompletableFuture.completedStage(BROKEN));
    server.mountHealth("/health", () -> true);
    server.start();
  }

  int port() {
    return server.port();
  }

  int connections() {
    return server.connections();
  }

  SocketServer server() {
    return server;
  }

  /** How many clients were refused for this reason. */
  double refused(String reason) {
    return meters.find("relay_connects_refused").tag("reason", reason).counters().stream()
        .mapToDouble(one -> one.count())
        .sum();
  }

  private static CloseReason reason(String text) {
    return Stream.of(CloseReason.values())
        .filter(one -> one.text().equals(text))
        .findFirst()
        .orElseThrow();
  }

  /** The URI of a request to the echo of Engine.IO. */
  static String uri(String transport, String sid) {
    return "/engine.io/?EIO=4&transport=" + transport + (sid.isEmpty() ? "" : "&sid=" + sid);
  }

  /** Opens an Engine.IO session on polling; its sid. */
  String poller() {
    return sid(get("/engine.io/?EIO=4&transport=polling").body());
  }

  static String sid(String openPacket) {
    return openPacket.replaceAll(".*\"sid\":\"([^\"]+)\".*", "$1");
  }

  RawHttp.Answer get(String uri, String... headers) {
    return RawHttp.once(port(), "GET", uri, "", headers);
  }

  RawHttp.Answer poll(String sid) {
    return get(uri("polling", sid));
  }

  RawHttp.Answer post(String sid, String body, String... headers) {
    return RawHttp.once(port(), "POST", uri("polling", sid), body, headers);
  }

  /** A poll that is waiting when this returns: its request has been handled. */
  RawHttp pending(String sid) {
    RawHttp poll = new RawHttp(port());
    poll.send("GET", uri("polling", sid), "");
    return poll;
  }

  /** A raw Engine.IO client on a WebSocket, its open packet read. */
  RawWebSocket webSocket() {
    RawWebSocket socket = new RawWebSocket(port(), uri("websocket", ""));
    socket.text();
    return socket;
  }

  /** A Socket.IO client on a WebSocket, its open packet read, in no namespace. */
  RawWebSocket socketIo() {
    RawWebSocket socket = new RawWebSocket(port(), "/socket.io/?EIO=4&transport=websocket");
    socket.text();
    return socket;
  }

  /** A Socket.IO client that has joined the main namespace. */
  RawWebSocket joined() {
    RawWebSocket socket = socketIo();
    socket.text("40");
    socket.text();
    socket.text();
    return socket;
  }

  /** Waits until a client has left for this reason; what others left for is skipped. */
  void assertLeft(String reason) throws InterruptedException {
    List<String> others = new ArrayList<>();
    while (true) {
      String next = left.poll(10, TimeUnit.SECONDS);
      if (next == null) {
        throw new AssertionError("nobody left by " + reason + ", but by " + others);
      }
      if (next.equals(reason)) {
        return;
      }
      others.add(next);
    }
  }

  private final class Engine implements EngineApplication.Listener {

    private final NettyConnection connection;

    Engine(NettyConnection connection) {
      this.connection = connection;
    }

    @Override
    public void text(String message) {
      if (message.startsWith(LEAVE)) {
        connection.close(reason(message.substring(LEAVE.length())));
      } else {
        connection.outbox().offer(Frame.text("4" + message));
      }
    }

    @Override
    public void binary(byte[] message) {
      connection.outbox().offer(Frame.binary(message));
    }

    @Override
    public void closed(CloseReason reason) {
      left.add(reason.text());
    }
  }

  private CompletionStage<SocketIoApplication.Admission> connect(
      SocketIoApplication.Request request) {
    RawJson auth = request.auth() == null ? RawJson.EMPTY_OBJECT : request.auth();
    SocketIoApplication.Admission admission;
    if (!Set.of("/", "/custom").contains(request.namespace())) {
      admission = new SocketIoApplication.Admission.Refused("Invalid namespace", null);
    } else if (auth.toString().contains("bad")) {
      admission =
          new SocketIoApplication.Admission.Refused(
              "unauthorized", RawJson.of("{\"code\":401,\"reason\":\"expired\"}"));
    } else {
      admission =
          new SocketIoApplication.Admission.Admitted(
              SocketIds.next(), null, socket -> open(socket, auth));
    }
    return CompletableFuture.completedStage(admission);
  }

  private SocketIoApplication.Listener open(SocketIoSocket socket, RawJson auth) {
    if (auth.toString().contains("broken")) {
      throw new IllegalStateException("broken");
    }
    socket.emit("auth", List.of(auth), List.of());
    return new SocketIoApplication.Listener() {
      @Override
      public void event(SocketIo.Event event, SocketIoApplication.Acknowledgement ack) {
        switch (event.name()) {
          case "ask" ->
              socket.emit(
                  "question",
                  event.args(),
                  event.attachments(),
                  answer -> socket.emit("answer", answer.args(), answer.attachments()));
          case "kick" -> socket.disconnect(event.args().toString().equals("[true]"));
          default -> {
            if (ack.isWanted()) {
              ack.send(event.args(), event.attachments());
            } else {
              socket.emit("back", event.args(), event.attachments());
            }
          }
        }
      }

      @Override
      public void disconnected(String reason) {
        left.add(reason);
      }
    };
  }

  @Override
  public void close() {
    server.close();
  }
}
