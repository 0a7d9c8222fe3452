package dev.laravelrelay.socket;

import dev.laravelrelay.auth.Authenticator.Identity;
import dev.laravelrelay.delivery.Gap;
import dev.laravelrelay.delivery.Handover;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.protocol.Protocol;
import dev.laravelrelay.protocol.SocketIo;
import dev.laravelrelay.session.ResumeLog;
import dev.laravelrelay.session.Session;
import dev.laravelrelay.session.SocketIds;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * How a Socket.IO client becomes a session: a new one, one that it resumes here, or one that
 * another node hands over. Safe from any thread.
 */
final class SocketIoEntrance implements SocketIoApplication {

  private final RelaySockets relay;

  SocketIoEntrance(RelaySockets relay) {
    this.relay = relay;
  }

  @Override
  public CompletionStage<SocketIoApplication.Admission> connect(
      SocketIoApplication.Request request) {
    if (!request.namespace().equals(SocketIo.MAIN_NAMESPACE)) {
      return CompletableFuture.completedStage(
          new SocketIoApplication.Admission.Refused("Invalid namespace", null));
    }
    ConnectAuth auth = ConnectAuth.of(request);
    return relay
        .authenticator()
        .authenticate(auth.token())
        .thenCompose(
            identity ->
                switch (identity) {
                  case Identity.Known known ->
                      relay
                          .interest()
                          .expect(known.user())
                          .thenCompose(heard -> admit(auth, known));
                  case Identity.Refused(String reason) -> {
                    relay.metrics().connectRefused(reason);
                    yield CompletableFuture.completedStage(
                        new SocketIoApplication.Admission.Refused(
                            RelaySockets.UNAUTHORIZED,
                            RawJson.of("{\"code\":401,\"reason\":\"%s\"}".formatted(reason))));
                  }
                  case Identity.Unknown(String reason) -> {
                    relay.metrics().connectRefused(reason);
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
    List<Session> here = relay.resumption().here(claim);
    if (!here.isEmpty()) {
      Session old = here.getFirst();
      relay.resumption().counted(true);
      return CompletableFuture.completedStage(
          new SocketIoApplication.Admission.Admitted(
              old.id(), pid, socket -> resume(socket, auth, known, pid, old)));
    }
    return relay
        .resumption()
        .elsewhere(claim)
        .thenApply(
            found -> {
              relay.resumption().counted(!found.isEmpty());
              return found.stream()
                  .findFirst()
                  .<SocketIoApplication.Admission>map(
                      place ->
                          new SocketIoApplication.Admission.Admitted(
                              place.offer().socketId(),
                              pid,
                              socket -> inherit(socket, auth, known, claim, place)))
                  .orElseGet(() -> anew(auth, known));
            });
  }

  private SocketIoApplication.Admission anew(ConnectAuth auth, Identity.Known known) {
    String pid = auth.resumable() ? relay.resumption().newPid() : null;
    return new SocketIoApplication.Admission.Admitted(
        SocketIds.next(), pid, socket -> open(socket, auth, known, pid));
  }

  private SocketIoApplication.Listener open(
      SocketIoSocket socket, ConnectAuth auth, Identity.Known known, @Nullable String pid) {
    // A client whose gap was too old keeps its offset: from here on that is where it stands.
    Session session = session(socket, known, pid == null ? null : new ResumeLog(auth.offset()));
    if (pid != null) {
      relay.resumption().own(pid, session);
    }
    relay.opened(session, auth.token(), "socket.io");
    relay.catchUp(session, Gap.NONE);
    return client(socket, session, auth.token(), known);
  }

  private SocketIoApplication.Listener resume(
      SocketIoSocket socket, ConnectAuth auth, Identity.Known known, String pid, Session old) {
    if (!relay.resumption().claim(pid, old)) {
      // Another connection was faster with the same secret.
      socket.connection().close(CloseReason.TRANSPORT_CLOSED);
      return SocketIoApplication.Listener.DEAF;
    }
    boolean wasGone = relay.resumption().retire(old);
    old.close(CloseReason.TRANSPORT_CLOSED);
    Session session = session(socket, known, new ResumeLog(auth.offset()));
    relay.opened(session, auth.token(), "socket.io");
    relay.catchUp(session, relay.resumption().takeOver(old, session, pid, auth.offset()));
    if (wasGone) {
      relay.subscriptions().back(session);
    }
    return client(socket, session, auth.token(), known);
  }

  private SocketIoApplication.Listener inherit(
      SocketIoSocket socket,
      ConnectAuth auth,
      Identity.Known known,
      Handover.Claim claim,
      Handover.Place place) {
    Session session = session(socket, known, new ResumeLog(""));
    relay.opened(session, auth.token(), "socket.io");
    relay.inherit(session, claim, place);
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
        new SocketIoClient(socket, new Client(session, token, relay, connection));
    client.expireAt(known.expiresAt());
    return client;
  }
}
