package dev.laravelrelay.socket;

import dev.laravelrelay.auth.Authenticator;
import dev.laravelrelay.auth.Authenticator.Identity;
import dev.laravelrelay.call.ClientEvents;
import dev.laravelrelay.delivery.Dispatcher;
import dev.laravelrelay.delivery.Gap;
import dev.laravelrelay.delivery.Handover;
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
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
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
                      interest.expect(known.user()).thenCompose(heard -> admit(auth, known));
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

  private CompletionStage<SocketIoApplication.Admission> admit(
      ConnectAuth auth, Identity.Known known) {
    String pid = auth.pid();
    if (pid == null) {
      return CompletableFuture.completedStage(anew(auth, known));
    }
    Handover.Claim claim = new Handover.Claim(known.user(), pid, auth.offset());
    Session old = resumption.here(claim);
    if (old != null) {
      resumption.counted(true);
      return CompletableFuture.completedStage(
          new SocketIoApplication.Admission.Admitted(
              old.id(), pid, socket -> resume(socket, auth, known, pid, old)));
    }
    return resumption
        .elsewhere(claim)
        .thenApply(
            found -> {
              resumption.counted(found.isPresent());
              return found
                  .<SocketIoApplication.Admission>map(
                      place ->
                          new SocketIoApplication.Admission.Admitted(
                              place.socketId(),
                              pid,
                              socket -> inherit(socket, auth, known, claim, place)))
                  .orElseGet(() -> anew(auth, known));
            });
  }

  private SocketIoApplication.Admission anew(ConnectAuth auth, Identity.Known known) {
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
    if (!resumption.claim(pid, old)) {
      // Another connection was faster with the same secret.
      socket.connection().close(CloseReason.TRANSPORT_CLOSED);
      return SocketIoApplication.Listener.DEAF;
    }
    resumption.retire(old);
    old.close(CloseReason.TRANSPORT_CLOSED);
    Session session = session(socket, known, new ResumeLog(auth.offset()));
    open(session, "socket.io");
    catchUp(session, resumption.takeOver(old, session, pid, auth.offset()));
    return client(socket, session, auth.token(), known);
  }

  private SocketIoApplication.Listener inherit(
      SocketIoSocket socket,
      ConnectAuth auth,
      Identity.Known known,
      Handover.Claim claim,
      Handover.Place place) {
    Session session = session(socket, known, new ResumeLog(""));
    open(session, "socket.io");
    inherit(session, claim, place);
    return client(socket, session, auth.token(), known);
  }

  /** Should the other node be gone by now, the client comes again and is told the truth. */
  private void inherit(Session session, Handover.Claim claim, Handover.Place place) {
    resumption
        .inherit(place, claim)
        .whenCompleteAsync(
            (inherited, failure) -> {
              if (inherited == null) {
                session.close(CloseReason.TRANSPORT_CLOSED);
              } else if (session.isOpen()) {
                resumption.settle(session, claim, inherited);
                catchUp(session, inherited.gap());
              }
            },
            session.loop());
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
                              .thenCompose(heard -> admit(handshake, known));
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

  private CompletionStage<PlainApplication.Admission> admit(
      Handshake handshake, Identity.Known known) {
    String after = handshake.query("after");
    if (after == null) {
      return CompletableFuture.completedStage(
          new PlainApplication.Admission.Admitted(
              connection ->
                  open(connection, handshake, known, "", new ResumeLog(""), this::catchUpAnew)));
    }
    Handover.Claim claim = new Handover.Claim(known.user(), null, after);
    Session old = resumption.here(claim);
    CompletionStage<Optional<Handover.Place>> elsewhere =
        old == null
            ? resumption.elsewhere(claim)
            : CompletableFuture.completedStage(Optional.empty());
    return elsewhere.thenApply(
        place -> {
          boolean resumed = old != null || place.isPresent();
          resumption.counted(resumed);
          ResumeLog log = new ResumeLog(old == null ? "" : after);
          Consumer<Session> catchUp =
              old != null
                  // Behind what is on its way to the old one.
                  ? session ->
                      old.loop().execute(() -> catchUp(session, Resumption.gap(old, after)))
                  : place
                      .<Consumer<Session>>map(found -> session -> inherit(session, claim, found))
                      .orElse(this::catchUpAnew);
          return new PlainApplication.Admission.Admitted(
              connection ->
                  open(connection, handshake, known, ",\"resumed\":" + resumed, log, catchUp));
        });
  }

  private PlainApplication.Listener open(
      PlainConnection connection,
      Handshake handshake,
      Identity.Known known,
      String resumed,
      ResumeLog log,
      Consumer<Session> catchUp) {
    Session session =
        new Session(
            SocketIds.next(),
            known.user(),
            Protocol.PLAIN_JSON,
            connection,
            connection.outbox(),
            connection.heartbeat(),
            System.currentTimeMillis(),
            log);
    PlainClient client =
        new PlainClient(connection, new Client(session, handshake.token(), this, connection));
    client.expireAt(known.expiresAt());
    connection.send(
        "connected", RawJson.of("{\"socket_id\":\"%s\"%s}".formatted(session.id(), resumed)));
    open(session, "ws");
    catchUp.accept(session);
    return client;
  }

  private void catchUpAnew(Session session) {
    catchUp(session, Gap.NONE);
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
