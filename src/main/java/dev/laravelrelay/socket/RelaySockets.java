package dev.laravelrelay.socket;

import dev.laravelrelay.auth.Authenticator;
import dev.laravelrelay.auth.Authenticator.Identity;
import dev.laravelrelay.delivery.Dispatcher;
import dev.laravelrelay.delivery.HeldEvents;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.protocol.Protocol;
import dev.laravelrelay.protocol.SocketIo;
import dev.laravelrelay.session.Session;
import dev.laravelrelay.session.SessionRegistry;
import dev.laravelrelay.session.SocketIds;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The relay as clients meet it, over Socket.IO and over plain JSON: finds out who they are, makes
 * them sessions, and gives them what was held. Safe from any thread.
 */
public final class RelaySockets {

  private static final Logger log = LoggerFactory.getLogger(RelaySockets.class);
  private static final String UNAUTHORIZED = "unauthorized";
  private static final String BEARER = "Bearer ";

  private final Authenticator authenticator;
  private final SessionRegistry registry;
  private final HeldEvents heldEvents;
  private final Dispatcher dispatcher;
  private final Subscriptions subscriptions;
  private final RelayMetrics metrics;

  public RelaySockets(
      Authenticator authenticator,
      SessionRegistry registry,
      HeldEvents heldEvents,
      Dispatcher dispatcher,
      Subscriptions subscriptions,
      RelayMetrics metrics) {
    this.authenticator = authenticator;
    this.registry = registry;
    this.heldEvents = heldEvents;
    this.dispatcher = dispatcher;
    this.subscriptions = subscriptions;
    this.metrics = metrics;
  }

  // --- Socket.IO

  /** The application for {@code /socket.io/}. */
  public SocketIoApplication socketIo() {
    return this::connect;
  }

  private CompletionStage<SocketIoApplication.Admission> connect(
      SocketIoApplication.Request request) {
    if (!request.namespace().equals(SocketIo.MAIN_NAMESPACE)) {
      return CompletableFuture.completedStage(
          new SocketIoApplication.Admission.Refused("Invalid namespace", null));
    }
    String token = token(request);
    return authenticator
        .authenticate(token)
        .thenApply(
            identity ->
                switch (identity) {
                  case Identity.Known known ->
                      new SocketIoApplication.Admission.Admitted(
                          SocketIds.next(), null, socket -> open(socket, token, known));
                  case Identity.Refused(String reason) -> {
                    metrics.connectRefused(reason);
                    yield new SocketIoApplication.Admission.Refused(
                        UNAUTHORIZED,
                        RawJson.of("{\"code\":401,\"reason\":\"%s\"}".formatted(reason)));
                  }
                  case Identity.Unknown(String reason) -> {
                    metrics.connectRefused(reason);
                    yield new SocketIoApplication.Admission.TryLater(reason);
                  }
                });
  }

  /** From {@code auth.token}, else from the handshake's header or query. */
  private static String token(SocketIoApplication.Request request) {
    JsonNode auth =
        request.auth() == null ? null : JsonMapper.shared().readTree(request.auth().toBytes());
    JsonNode token = auth == null ? null : auth.get("token");
    if (token == null || token.isNull()) {
      return request.handshake().token();
    }
    String text = token.isValueNode() ? token.asString() : "";
    return text.startsWith(BEARER) ? text.substring(BEARER.length()) : text;
  }

  private SocketIoApplication.Listener open(
      SocketIoSocket socket, String token, Identity.Known known) {
    NettyConnection connection = socket.connection();
    Session session =
        new Session(
            socket.id(),
            known.user(),
            Protocol.SOCKET_IO,
            connection,
            connection.outbox(),
            connection.heartbeat(),
            System.currentTimeMillis());
    SocketIoClient client =
        new SocketIoClient(socket, new Client(session, token, this, connection::after));
    client.expireAt(known.expiresAt());
    open(session, "socket.io");
    return client;
  }

  // --- plain JSON

  /** The application for {@code /ws}. */
  public PlainApplication plain() {
    return handshake ->
        authenticator
            .authenticate(handshake.token())
            .thenApply(
                identity ->
                    switch (identity) {
                      case Identity.Known known ->
                          new PlainApplication.Admission.Admitted(
                              connection -> open(connection, handshake.token(), known));
                      case Identity.Refused(String reason) -> {
                        metrics.connectRefused(reason);
                        yield new PlainApplication.Admission.Refused(UNAUTHORIZED, reason);
                      }
                      case Identity.Unknown(String reason) -> {
                        metrics.connectRefused(reason);
                        yield new PlainApplication.Admission.TryLater(reason);
                      }
                    });
  }

  private PlainApplication.Listener open(
      PlainConnection connection, String token, Identity.Known known) {
    Session session =
        new Session(
            SocketIds.next(),
            known.user(),
            Protocol.PLAIN_JSON,
            connection,
            connection.outbox(),
            connection.heartbeat(),
            System.currentTimeMillis());
    PlainClient client =
        new PlainClient(connection, new Client(session, token, this, connection::after));
    client.expireAt(known.expiresAt());
    connection.send("connected", RawJson.of("{\"socket_id\":\"%s\"}".formatted(session.id())));
    open(session, "ws");
    return client;
  }

  // --- sessions

  private void open(Session session, String protocol) {
    registry.add(session);
    metrics.sessionOpened(protocol);
    log.debug("session {} of user {} opened on {}", session.id(), session.user(), protocol);
    heldEvents
        .of(session.user())
        .whenComplete(
            (held, failure) -> {
              if (failure != null) {
                log.warn("the held events of user {} cannot be read", session.user(), failure);
              }
              dispatcher.catchUp(session, held == null ? List.of() : held);
            });
  }

  /** The session is over. On its loop. */
  void ended(Session session, String reason) {
    session.closed();
    registry.remove(session);
    subscriptions.leaveAll(session);
    metrics.sessionClosed(reason);
    log.debug("session {} of user {} ended: {}", session.id(), session.user(), reason);
  }

  Authenticator authenticator() {
    return authenticator;
  }

  Subscriptions subscriptions() {
    return subscriptions;
  }

  RelayMetrics metrics() {
    return metrics;
  }

  /** A string field of a JSON object; empty if there is none. */
  static String text(RawJson json, String field) {
    JsonNode value = JsonMapper.shared().readTree(json.toBytes()).get(field);
    return value != null && value.isString() ? value.asString() : "";
  }
}
