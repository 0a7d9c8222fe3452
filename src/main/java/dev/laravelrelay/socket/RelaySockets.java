package dev.laravelrelay.socket;

import dev.laravelrelay.auth.Authenticator;
import dev.laravelrelay.auth.Authenticator.Identity;
import dev.laravelrelay.call.ClientEvents;
import dev.laravelrelay.delivery.Dispatcher;
import dev.laravelrelay.delivery.Gap;
import dev.laravelrelay.delivery.HeldEvents;
import dev.laravelrelay.delivery.Interest;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.protocol.Protocol;
import dev.laravelrelay.protocol.SocketIo;
import dev.laravelrelay.session.ResumeLog;
import dev.laravelrelay.session.Session;
import dev.laravelrelay.session.SessionRegistry;
import dev.laravelrelay.session.SocketIds;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
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

  private final Authenticator authenticator;
  private final SessionRegistry registry;
  private final HeldEvents heldEvents;
  private final Interest interest;
  private final Dispatcher dispatcher;
  private final Subscriptions subscriptions;
  private final Resumption resumption;
  private final ClientEvents clientEvents;
  private final RelayMetrics metrics;

  public RelaySockets(
      Authenticator authenticator,
      SessionRegistry registry,
      HeldEvents heldEvents,
      Interest interest,
      Dispatcher dispatcher,
      Subscriptions subscriptions,
      Resumption resumption,
      ClientEvents clientEvents,
      RelayMetrics metrics) {
    this.authenticator = authenticator;
    this.registry = registry;
    this.heldEvents = heldEvents;
    this.interest = interest;
    this.dispatcher = dispatcher;
    this.subscriptions = subscriptions;
    this.resumption = resumption;
    this.clientEvents = clientEvents;
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
    ConnectAuth auth = ConnectAuth.of(request);
    return authenticator
        .authenticate(auth.token())
        .thenCompose(
            identity ->
                switch (identity) {
                  case Identity.Known known ->
                      interest.expect(known.user()).thenApply(heard -> admit(auth, known));
                  case Identity.Refused(String reason) -> {
                    metrics.connectRefused(reason);
                    yield CompletableFuture.completedStage(
                        new SocketIoApplication.Admission.Refused(
                            UNAUTHORIZED,
                            RawJson.of("{\"code\":401,\"reason\":\"%s\"}".formatted(reason))));
                  }
                  case Identity.Unknown(String reason) -> {
                    metrics.connectRefused(reason);
                    yield CompletableFuture.completedStage(
                        new SocketIoApplication.Admission.TryLater(reason));
                  }
                });
  }

  private SocketIoApplication.Admission admit(ConnectAuth auth, Identity.Known known) {
    Session old =
        auth.pid() == null ? null : resumption.find(auth.pid(), known.user(), auth.offset());
    if (old != null && auth.pid() != null) {
      String pid = auth.pid();
      return new SocketIoApplication.Admission.Admitted(
          old.id(), pid, socket -> resume(socket, auth, known, pid, old));
    }
    String pid = auth.resumable() ? resumption.newPid() : null;
    return new SocketIoApplication.Admission.Admitted(
        SocketIds.next(), pid, socket -> open(socket, auth, known, pid));
  }

  private SocketIoApplication.Listener open(
      SocketIoSocket socket, ConnectAuth auth, Identity.Known known, @Nullable String pid) {
    // A client whose gap was too old keeps its offset: from here on that is where it stands.
    Session session = session(socket, known, pid == null ? null : new ResumeLog(auth.offset()));
    if (pid != null) {
      resumption.own(pid, session);
    }
    open(session, "socket.io");
    catchUp(session, Gap.NONE);
    return client(socket, session, auth.token(), known);
  }

  private SocketIoApplication.Listener resume(
      SocketIoSocket socket, ConnectAuth auth, Identity.Known known, String pid, Session old) {
    resumption.retire(old);
    old.close(CloseReason.TRANSPORT_CLOSED);
    Session session = session(socket, known, new ResumeLog(auth.offset()));
    open(session, "socket.io");
    catchUp(session, resumption.takeOver(old, session, pid, auth.offset()));
    return client(socket, session, auth.token(), known);
  }

  private static Session session(
      SocketIoSocket socket, Identity.Known known, @Nullable ResumeLog resumeLog) {
    NettyConnection connection = socket.connection();
    return new Session(
        socket.id(),
        known.user(),
        resumeLog == null ? Protocol.SOCKET_IO : Protocol.SOCKET_IO_RESUMABLE,
        connection,
        connection.outbox(),
        connection.heartbeat(),
        System.currentTimeMillis(),
        resumeLog);
  }

  private SocketIoClient client(
      SocketIoSocket socket, Session session, String token, Identity.Known known) {
    NettyConnection connection = socket.connection();
    SocketIoClient client =
        new SocketIoClient(socket, new Client(session, token, this, connection));
    client.expireAt(known.expiresAt());
    return client;
  }

  // --- plain JSON

  /** The application for {@code /ws}. */
  public PlainApplication plain() {
    return handshake ->
        authenticator
            .authenticate(handshake.token())
            .thenCompose(
                identity ->
                    switch (identity) {
                      case Identity.Known known ->
                          interest
                              .expect(known.user())
                              .thenApply(
                                  heard ->
                                      new PlainApplication.Admission.Admitted(
                                          connection -> open(connection, handshake, known)));
                      case Identity.Refused(String reason) -> {
                        metrics.connectRefused(reason);
                        yield CompletableFuture.completedStage(
                            new PlainApplication.Admission.Refused(UNAUTHORIZED, reason));
                      }
                      case Identity.Unknown(String reason) -> {
                        metrics.connectRefused(reason);
                        yield CompletableFuture.completedStage(
                            new PlainApplication.Admission.TryLater(reason));
                      }
                    });
  }

  private PlainApplication.Listener open(
      PlainConnection connection, Handshake handshake, Identity.Known known) {
    String after = handshake.query("after");
    Session old = after == null ? null : resumption.findPlain(known.user(), after);
    Session session =
        new Session(
            SocketIds.next(),
            known.user(),
            Protocol.PLAIN_JSON,
            connection,
            connection.outbox(),
            connection.heartbeat(),
            System.currentTimeMillis(),
            new ResumeLog(old == null || after == null ? "" : after));
    PlainClient client =
        new PlainClient(connection, new Client(session, handshake.token(), this, connection));
    client.expireAt(known.expiresAt());
    String resumed = after == null ? "" : ",\"resumed\":" + (old != null);
    connection.send(
        "connected", RawJson.of("{\"socket_id\":\"%s\"%s}".formatted(session.id(), resumed)));
    open(session, "ws");
    if (old == null || after == null) {
      catchUp(session, Gap.NONE);
    } else {
      // Behind what is on its way to the old one.
      old.loop().execute(() -> catchUp(session, Resumption.gap(old, after)));
    }
    return client;
  }

  // --- sessions

  private void open(Session session, String protocol) {
    registry.add(session);
    interest.arrived(session.user());
    metrics.sessionOpened(protocol);
    log.debug("session {} of user {} opened on {}", session.id(), session.user(), protocol);
  }

  private void catchUp(Session session, Gap gap) {
    heldEvents
        .of(session.user())
        .whenComplete(
            (held, failure) -> {
              if (failure != null) {
                log.warn("the held events of user {} cannot be read", session.user(), failure);
              }
              dispatcher.catchUp(session, held == null ? List.of() : held, gap);
            });
  }

  /** The session is over. On its loop. */
  void ended(Session session, String reason) {
    session.closed();
    boolean mayResume = resumption.suspend(session, reason);
    boolean replaced = !registry.remove(session);
    if (!replaced) {
      subscriptions.absent(session, mayResume);
      interest.left(session.user());
    }
    metrics.sessionClosed(reason);
    log.debug("session {} of user {} ended: {}", session.id(), session.user(), reason);
  }

  Authenticator authenticator() {
    return authenticator;
  }

  Subscriptions subscriptions() {
    return subscriptions;
  }

  ClientEvents clientEvents() {
    return clientEvents;
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
