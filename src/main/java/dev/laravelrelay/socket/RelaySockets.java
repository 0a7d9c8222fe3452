package dev.laravelrelay.socket;

import dev.laravelrelay.auth.Authenticator;
import dev.laravelrelay.auth.Authenticator.Identity;
import dev.laravelrelay.auth.LoggedOut;
import dev.laravelrelay.call.ClientEvents;
import dev.laravelrelay.delivery.Dispatcher;
import dev.laravelrelay.delivery.Gap;
import dev.laravelrelay.delivery.Handover;
import dev.laravelrelay.delivery.HeldEvents;
import dev.laravelrelay.delivery.Interest;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.protocol.JsonField;
import dev.laravelrelay.session.Session;
import dev.laravelrelay.session.SessionRegistry;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The relay as clients meet it, over Socket.IO and over plain JSON: finds out who they are, makes
 * them sessions, and gives them what was held. Safe from any thread.
 */
public final class RelaySockets {

  private static final Logger log = LoggerFactory.getLogger(RelaySockets.class);
  static final String UNAUTHORIZED = "unauthorized";

  private final Authenticator authenticator;
  private final LoggedOut loggedOut;
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
      LoggedOut loggedOut,
      SessionRegistry registry,
      HeldEvents heldEvents,
      Interest interest,
      Dispatcher dispatcher,
      Subscriptions subscriptions,
      Resumption resumption,
      ClientEvents clientEvents,
      RelayMetrics metrics) {
    this.authenticator = authenticator;
    this.loggedOut = loggedOut;
    this.registry = registry;
    this.heldEvents = heldEvents;
    this.interest = interest;
    this.dispatcher = dispatcher;
    this.subscriptions = subscriptions;
    this.resumption = resumption;
    this.clientEvents = clientEvents;
    this.metrics = metrics;
  }

  /** The application for {@code /socket.io/}. */
  public SocketIoApplication socketIo() {
    return new SocketIoEntrance(this);
  }

  /** The application for {@code /ws}. */
  public PlainApplication plain() {
    return new PlainEntrance(this);
  }

  // --- sessions

  /**
   * A client with this token has become this session; {@link #ended} follows. If the user was
   * logged out meanwhile, the token must still be good.
   */
  void opened(Session session, String token, String protocol) {
    registry.add(session);
    interest.arrived(session.user());
    if (loggedOut.lately(session.user())) {
      authenticator
          .authenticate(token)
          .thenAcceptAsync(
              identity -> {
                if (!(identity instanceof Identity.Known known)
                    || !known.user().equals(session.user())) {
                  session.close(CloseReason.TOKEN_EXPIRED);
                }
              },
              session.loop());
    }
    metrics.sessionOpened(protocol);
    log.debug("session {} of user {} opened on {}", session.id(), session.user(), protocol);
  }

  /**
   * Ends the user's sessions on this node, but the one with that socket id, and believes nothing
   * that is known of his tokens; answers how many were open.
   */
  public int logOut(String user, @Nullable String except) {
    loggedOut.add(user);
    resumption.end(user, except);
    int ended = 0;
    for (Session session : registry.ofUser(user)) {
      if (session.isOpen() && !session.id().equals(except)) {
        session.close(CloseReason.TOKEN_EXPIRED);
        ended++;
      }
    }
    return ended;
  }

  /** Opens a session without a gap for live events. */
  void catchUp(Session session) {
    catchUp(session, Gap.NONE);
  }

  /** Gives the session what was held and what it missed, and opens it for live events. */
  void catchUp(Session session, Gap gap) {
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

  /**
   * Goes on with what the other node has. Should the other node be gone by now, the client comes
   * again and is told the truth.
   */
  void inherit(Session session, Handover.Claim claim, Handover.Place place) {
    resumption
        .inherit(session, place, claim)
        .whenCompleteAsync(
            (inherited, failure) -> {
              if (inherited == null) {
                session.close(CloseReason.TRANSPORT_CLOSED);
              } else if (session.isOpen()) {
                resumption.settle(session, place, claim, inherited);
                if (inherited.wasGone()) {
                  subscriptions.back(session);
                }
                catchUp(session, inherited.gap());
              }
            },
            session.loop());
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

  Interest interest() {
    return interest;
  }

  Resumption resumption() {
    return resumption;
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
    return Objects.requireNonNullElse(JsonField.string(json, field), "");
  }
}
