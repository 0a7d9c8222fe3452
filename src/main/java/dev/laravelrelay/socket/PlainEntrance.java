package dev.laravelrelay.socket;

import dev.laravelrelay.auth.Authenticator.Identity;
import dev.laravelrelay.delivery.Handover;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.protocol.Protocol;
import dev.laravelrelay.session.ResumeLog;
import dev.laravelrelay.session.Session;
import dev.laravelrelay.session.SocketIds;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * How a plain WebSocket client becomes a session, and is given what it missed if that is known here
 * or on another node. Safe from any thread.
 */
final class PlainEntrance implements PlainApplication {

  private final RelaySockets relay;

  PlainEntrance(RelaySockets relay) {
    this.relay = relay;
  }

  @Override
  public CompletionStage<PlainApplication.Admission> connect(Handshake handshake) {
    return relay
        .authenticator()
        .authenticate(handshake.token())
        .thenCompose(
            identity ->
                switch (identity) {
                  case Identity.Known known ->
                      relay
                          .interest()
                          .expect(known.user())
                          .thenCompose(heard -> admit(handshake, known));
                  case Identity.Refused(String reason) -> {
                    relay.metrics().connectRefused(reason);
                    yield CompletableFuture.completedStage(
                        new PlainApplication.Admission.Refused(RelaySockets.UNAUTHORIZED, reason));
                  }
                  case Identity.Unknown(String reason) -> {
                    relay.metrics().connectRefused(reason);
                    yield CompletableFuture.completedStage(
                        new PlainApplication.Admission.TryLater(reason));
                  }
                });
  }

  private CompletionStage<PlainApplication.Admission> admit(
      Handshake handshake, Identity.Known known) {
    String after = handshake.query("after");
    if (after == null || after.isEmpty()) {
      return CompletableFuture.completedStage(
          new PlainApplication.Admission.Admitted(
              connection ->
                  open(connection, handshake, known, "", new ResumeLog(""), relay::catchUp)));
    }
    Handover.Claim claim = new Handover.Claim(known.user(), null, after);
    return relay
        .resumption()
        .lost(claim)
        .thenApply(
            lost -> {
              relay.resumption().counted(lost.isPresent());
              String resumed = ",\"resumed\":" + lost.isPresent();
              ResumeLog log =
                  new ResumeLog(lost.orElse(null) instanceof Resumption.Lost.Here ? after : "");
              Consumer<Session> catchUp =
                  lost.map(found -> catchUp(claim, found)).orElse(relay::catchUp);
              return new PlainApplication.Admission.Admitted(
                  connection -> open(connection, handshake, known, resumed, log, catchUp));
            });
  }

  private Consumer<Session> catchUp(Handover.Claim claim, Resumption.Lost lost) {
    return switch (lost) {
      case Resumption.Lost.Here here ->
          // Behind what is on its way to the old one.
          session ->
              here.old()
                  .loop()
                  .execute(
                      () ->
                          relay.catchUp(
                              session, relay.resumption().takeOver(here, session, claim.offset())));
      case Resumption.Lost.Elsewhere(Handover.Place place) ->
          session -> relay.inherit(session, claim, place);
    };
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
        new PlainClient(connection, new Client(session, handshake.token(), relay, connection));
    client.expireAt(known.expiresAt());
    connection.send(
        "connected", RawJson.of("{\"socket_id\":\"%s\"%s}".formatted(session.id(), resumed)));
    relay.opened(session, handshake.token(), "ws");
    catchUp.accept(session);
    return client;
  }
}
