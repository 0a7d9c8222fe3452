package dev.laravelrelay.e2e.conformance;

import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.protocol.SocketIo;
import dev.laravelrelay.socket.Handshake;
import dev.laravelrelay.socket.SocketIoApplication.Acknowledgement;
import dev.laravelrelay.socket.SocketIoApplication.Listener;
import dev.laravelrelay.socket.SocketIoSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One client: is told what it authenticated with, and answers what the suites and the client matrix
 * emit. On its connection's loop, but for {@link #emitLater} and {@link #isIn}.
 */
final class ConformanceSocket implements Listener {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final RawJson TRUE = RawJson.of("true");
  private static final RawJson NULL = RawJson.of("null");

  private final ConformanceApplication application;
  private final SocketIoSocket socket;
  private final RawJson auth;
  private final Set<String> rooms = ConcurrentHashMap.newKeySet();
  private final List<RawJson> upward = new ArrayList<>();
  private boolean connected = true;

  ConformanceSocket(ConformanceApplication application, SocketIoSocket socket, RawJson auth) {
    this.application = application;
    this.socket = socket;
    this.auth = auth;
    application.joined(this);
    socket.emit("auth", List.of(auth), List.of());
  }

  String id() {
    return socket.id();
  }

  boolean isIn(String namespace) {
    return socket.namespace().equals(namespace);
  }

  /** Emits on the socket's own loop, unless it has left by then. From any thread. */
  void emitLater(String name, Broadcast broadcast) {
    socket
        .connection()
        .loop()
        .execute(
            () -> {
              if (connected) {
                socket.emit(name, broadcast.args(), broadcast.attachments());
              }
            });
  }

  @Override
  public void event(SocketIo.Event event, Acknowledgement ack) {
    List<RawJson> args = event.args();
    List<byte[]> attachments = event.attachments();
    switch (event.name()) {
      case "message" -> socket.emit("message-back", args, attachments);
      case "message-with-ack" -> ack.send(args, attachments);
      case "whoami" -> ack.send(whoAmI());
      case "ask-me" ->
          socket.emit(
              "question",
              args,
              attachments,
              answer -> socket.emit("answer", answer.args(), answer.attachments()));
      case "join", "leave" -> move(event.name().equals("join"), text(args), ack);
      case "to-room" -> {
        String room = text(args);
        application.emit(
            other -> other.isIn(socket.namespace()) && other.rooms.contains(room),
            "room-msg",
            new Broadcast(args, attachments));
      }
      case "broadcast-all" ->
          application.emit(
              other -> other.isIn(socket.namespace()), "all", new Broadcast(args, attachments));
      case "seq-down" -> count(first(args).asInt(0));
      case "seq-up" -> upward.add(args.isEmpty() ? NULL : args.getFirst());
      case "seq-report" -> ack.send(RawJson.of(upward.toString()));
      case "kick-me" -> socket.disconnect(first(args).asBoolean(false));
      case "leave-reason" -> ack.send(leaveReason(text(args)));
      default -> {}
    }
  }

  private void move(boolean in, String room, Acknowledgement ack) {
    if (in) {
      rooms.add(room);
    } else {
      rooms.remove(room);
    }
    ack.send(TRUE);
  }

  private void count(int n) {
    for (int i = 0; i < n; i++) {
      socket.emit("seq", List.of(RawJson.of(Integer.toString(i))), List.of());
    }
  }

  private RawJson leaveReason(String id) {
    String reason = application.leaveReason(id);
    return reason == null ? NULL : RawJson.of(JSON.writeValueAsString(reason));
  }

  private RawJson whoAmI() {
    Handshake handshake = socket.handshake();
    ObjectNode query = JSON.createObjectNode();
    handshake
        .query()
        .forEach(
            (name, values) -> {
              if (values.size() == 1) {
                query.put(name, values.getFirst());
              } else {
                ArrayNode several = query.putArray(name);
                values.forEach(several::add);
              }
            });
    ObjectNode who =
        JSON.createObjectNode()
            .put("sid", socket.id())
            .put("nsp", socket.namespace())
            .put("transport", socket.connection().transportName());
    who.set("auth", JSON.readTree(auth.toBytes()));
    who.set("query", query);
    @Nullable String header =
        handshake.authorization().isEmpty() ? null : handshake.authorization();
    return RawJson.of(who.put("authorization", header).toString());
  }

  private static JsonNode first(List<RawJson> args) {
    return JSON.readTree((args.isEmpty() ? NULL : args.getFirst()).toBytes());
  }

  private static String text(List<RawJson> args) {
    return first(args).asString("");
  }

  @Override
  public void disconnected(String reason) {
    connected = false;
    application.left(this, reason);
  }
}
