package dev.laravelrelay.socket;

import dev.laravelrelay.auth.Authenticator.Identity;
import dev.laravelrelay.call.ClientEvents;
import dev.laravelrelay.call.ClientReply;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.session.Session;
import io.netty.util.Timeout;
import io.netty.util.TimerTask;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a client may ask of the relay, whatever protocol it speaks: to join and leave channels, to
 * go on with a fresh token, and to pass on what it says. Used on its connection's loop only, but
 * for the alarm.
 */
final class Client implements TimerTask {

  /** Runs a task after a delay, on the timer's thread. */
  @FunctionalInterface
  interface Alarm {
    Timeout alarm(long millis, TimerTask task);
  }

  /**
   * An answer to a request.
   *
   * @param body with {@code ok}, and {@code code} and {@code message} if it is false
   */
  record Answer(boolean ok, ObjectNode body) {}

  private static final String TOO_MANY = "Too many requests; slow down.";

  private final Session session;
  private final RelaySockets relay;
  private final Alarm alarm;
  private ClientEvents.@Nullable Source events;

  /** Empty where nobody will ask for it: it is the largest thing that a session would keep. */
  private String token;

  private @Nullable Timeout expiry;

  Client(Session session, String token, RelaySockets relay, Alarm alarm) {
    this.session = session;
    this.relay = relay;
    this.alarm = alarm;
    this.token = kept(token);
  }

  private String kept(String given) {
    return relay.subscriptions().needsTokens() ? given : "";
  }

  Session session() {
    return session;
  }

  /** Ends the session then, unless a fresh token comes first. Epoch milliseconds. */
  void expireAt(long expiresAt) {
    if (expiry != null) {
      expiry.cancel();
      expiry = null;
    }
    if (expiresAt != Long.MAX_VALUE && session.isOpen()) {
      long wait = Math.max(0, expiresAt - System.currentTimeMillis());
      expiry = alarm.alarm(wait, this);
    }
  }

  /** The token has ended; on the timer's thread. */
  @Override
  public void run(Timeout timeout) {
    session.close(CloseReason.TOKEN_EXPIRED);
  }

  CompletionStage<Answer> subscribe(String channel) {
    if (!source().mayAsk()) {
      return CompletableFuture.completedStage(denied(429, TOO_MANY, channel));
    }
    return relay
        .subscriptions()
        .join(session, token, channel)
        .thenApply(
            outcome ->
                switch (outcome) {
                  case Subscriptions.Outcome.Joined(ObjectNode details) ->
                      new Answer(true, details.put("ok", true));
                  case Subscriptions.Outcome.Denied(int code, String message) ->
                      denied(code, message, channel);
                });
  }

  Answer unsubscribe(String channel) {
    relay.subscriptions().leave(session, channel);
    return new Answer(true, object().put("channel", channel).put("ok", true));
  }

  /** Goes on with this token, if it is the same user's. */
  CompletionStage<Answer> renew(String fresh) {
    if (!source().mayAsk()) {
      return CompletableFuture.completedStage(denied(429, TOO_MANY, null));
    }
    return relay
        .authenticator()
        .authenticate(fresh)
        .thenApplyAsync(
            identity ->
                switch (identity) {
                  case Identity.Known known when known.user().equals(session.user()) -> {
                    token = kept(fresh);
                    expireAt(known.expiresAt());
                    yield new Answer(true, object().put("ok", true));
                  }
                  case Identity.Known _ -> denied(403, "The token is another user's.", null);
                  case Identity.Refused(String reason) ->
                      denied(401, "The token is not good: " + reason + ".", null);
                  case Identity.Unknown _ ->
                      denied(503, "The token cannot be checked now; try again.", null);
                },
            session.loop());
  }

  /** Takes an event that is none of the relay's own; the answer comes on the connection's loop. */
  void event(String name, List<RawJson> args, Consumer<ClientReply> answer) {
    source().event(name, args).thenAcceptAsync(answer, session.loop());
  }

  private ClientEvents.Source source() {
    if (events == null) {
      events = relay.clientEvents().of(session.user(), session.id());
    }
    return events;
  }

  void ignored() {
    relay.metrics().clientEventIgnored();
  }

  void ended(String reason) {
    if (expiry != null) {
      expiry.cancel();
    }
    relay.ended(session, reason);
  }

  private static Answer denied(int code, String message, @Nullable String channel) {
    ObjectNode body = object();
    if (channel != null) {
      body.put("channel", channel);
    }
    return new Answer(false, body.put("ok", false).put("code", code).put("message", message));
  }

  private static ObjectNode object() {
    return JsonMapper.shared().createObjectNode();
  }
}
