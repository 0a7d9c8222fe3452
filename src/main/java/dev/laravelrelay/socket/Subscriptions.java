package dev.laravelrelay.socket;

import dev.laravelrelay.auth.ChannelAuthorizer;
import dev.laravelrelay.auth.ChannelAuthorizer.Authorization;
import dev.laravelrelay.delivery.Backlog;
import dev.laravelrelay.delivery.Backplane;
import dev.laravelrelay.delivery.Interest;
import dev.laravelrelay.delivery.Rosters;
import dev.laravelrelay.event.ChannelName;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.EventIds;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.event.Terms;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.session.ChannelMembers;
import dev.laravelrelay.session.Session;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Lets clients into channels: anyone into a public one, whom Laravel admits into a private or
 * presence one, nobody but the user into his own. The members of a presence channel hear who comes
 * and goes; a user with several sessions comes once and goes once. Safe from any thread.
 */
public final class Subscriptions {

  /** In how many channels one session may be. */
  public static final int MAX_CHANNELS = 100;

  /** What became of a request to join. */
  sealed interface Outcome {

    /**
     * The session is in the channel.
     *
     * @param details an object with the channel, and the members of a presence channel
     */
    record Joined(ObjectNode details) implements Outcome {}

    /** The session is not in the channel. */
    record Denied(int code, String message) implements Outcome {}
  }

  private static final JsonMapper JSON = JsonMapper.shared();

  private final ChannelMembers members;
  private final ChannelAuthorizer authorizer;
  private final Backplane backplane;
  private final Rosters rosters;
  private final Interest interest;
  private final Backlog backlog;
  private final RelayMetrics metrics;

  public Subscriptions(
      ChannelMembers members,
      ChannelAuthorizer authorizer,
      Backplane backplane,
      Rosters rosters,
      Interest interest,
      Backlog backlog,
      RelayMetrics metrics) {
    this.members = members;
    this.authorizer = authorizer;
    this.backplane = backplane;
    this.rosters = rosters;
    rosters.serve(this::here);
    this.interest = interest;
    this.backlog = backlog;
    this.metrics = metrics;
  }

  /** Whether a client's token may be asked for when it joins a channel. */
  boolean needsTokens() {
    return !authorizer.equals(ChannelAuthorizer.NOBODY);
  }

  /** Completes on any thread. */
  CompletionStage<Outcome> join(Session session, String token, String channel) {
    if (!ChannelName.isValid(channel)) {
      return denied(422, "The channel's name is not valid.");
    }
    if (ChannelName.owner(channel).isPresent()) {
      return ChannelName.owner(channel).get().equals(session.user())
          ? CompletableFuture.completedStage(new Outcome.Joined(details(channel)))
          : denied(403, "This channel is another user's.");
    }
    if (isFull(session, channel)) {
      return full();
    }
    if (isPresence(channel) && !backlog.hasRoomFor(new Target.Channels(List.of(channel)))) {
      return denied(503, "The relay has too much to deliver now; try again.");
    }
    if (!ChannelName.kind(channel).needsAuthorization()) {
      return enter(session, channel, "");
    }
    return authorizer
        .authorize(token, channel, session.id())
        .thenCompose(
            authorization ->
                switch (authorization) {
                  case Authorization.Granted(String info) -> enter(session, channel, info);
                  case Authorization.Refused _ -> denied(403, "Laravel does not admit you.");
                  case Authorization.Unavailable _ ->
                      denied(503, "Laravel cannot be asked now; try again.");
                });
  }

  private boolean isFull(Session session, String channel) {
    Set<String> joined = members.channelsOf(session);
    return joined.size() >= MAX_CHANNELS && !joined.contains(channel);
  }

  private CompletionStage<Outcome> full() {
    return denied(429, "A client may be in %d channels.".formatted(MAX_CHANNELS));
  }

  private CompletionStage<Outcome> denied(int code, String message) {
    metrics.subscription(code == 503 ? "unavailable" : "refused");
    return CompletableFuture.completedStage(new Outcome.Denied(code, message));
  }

  /**
   * On the session's loop, so that it cannot be entered behind the session's end, nor beyond the
   * limit by several who asked at once.
   */
  private CompletionStage<Outcome> enter(Session session, String channel, String info) {
    return CompletableFuture.supplyAsync(
            () -> {
              if (!session.isOpen()) {
                return CompletableFuture.<Outcome>completedStage(
                    new Outcome.Denied(410, "The session has ended."));
              }
              if (isFull(session, channel)) {
                return full();
              }
              boolean newcomer =
                  members.join(channel, session, info) && isOnlyOne(session, channel);
              metrics.subscription("granted");
              return interest
                  .channelChanged(channel)
                  .thenCompose(heard -> joined(session, channel, info, newcomer));
            },
            session.loop())
        .thenCompose(Function.identity());
  }

  private CompletionStage<Outcome> joined(
      Session session, String channel, String info, boolean newcomer) {
    if (!isPresence(channel)) {
      return CompletableFuture.completedStage(new Outcome.Joined(details(channel)));
    }
    return rosters
        .elsewhere(channel)
        .thenApplyAsync(
            elsewhere -> {
              if (newcomer) {
                announceJoining(session, channel, info, elsewhere);
              }
              Map<String, String> all = new LinkedHashMap<>(here(channel));
              elsewhere.forEach(all::putIfAbsent);
              return new Outcome.Joined(details(channel).set("members", listed(all)));
            },
            session.loop());
  }

  /** The session took the place of one that was announced as gone: others hear of its user. */
  void back(Session session) {
    for (String channel : List.copyOf(members.channelsOf(session))) {
      if (isPresence(channel) && isOnlyOne(session, channel)) {
        String info = members.infoOf(channel).getOrDefault(session, "");
        rosters
            .elsewhere(channel)
            .thenAcceptAsync(
                elsewhere -> announceJoining(session, channel, info, elsewhere), session.loop());
      }
    }
  }

  /** Unless its user has left meanwhile. On the session's loop, as its leaving. */
  private void announceJoining(
      Session session, String channel, String info, Map<String, String> elsewhere) {
    if (!elsewhere.containsKey(session.user()) && present(session, channel).count() > 0) {
      announce("presence:joining", channel, info, session);
    }
  }

  /** Takes the session out of the channel. On the session's loop. */
  void leave(Session session, String channel) {
    String info = members.infoOf(channel).getOrDefault(session, "");
    if (members.leave(channel, session)) {
      interest.channelChanged(channel);
      announceLeaving(session, channel, info);
    }
  }

  /**
   * The session has ended: others hear that its user left. On the session's loop.
   *
   * @param stays whether it keeps its places, because its client may resume
   */
  void absent(Session session, boolean stays) {
    for (String channel : List.copyOf(members.channelsOf(session))) {
      if (stays) {
        announceLeaving(session, channel, members.infoOf(channel).getOrDefault(session, ""));
      } else {
        leave(session, channel);
      }
    }
  }

  private void announceLeaving(Session session, String channel, String info) {
    if (isPresence(channel) && present(session, channel).count() == 0) {
      rosters
          .elsewhere(channel)
          .thenAccept(
              elsewhere -> {
                if (!elsewhere.containsKey(session.user())
                    && present(session, channel).count() == 0) {
                  announce("presence:leaving", channel, info, session);
                }
              });
    }
  }

  private static boolean isPresence(String channel) {
    return ChannelName.kind(channel) == ChannelName.Kind.PRESENCE;
  }

  private boolean isOnlyOne(Session session, String channel) {
    return present(session, channel).allMatch(one -> one == session);
  }

  /** The open sessions of the session's user in the channel, on this node. */
  private Stream<Session> present(Session session, String channel) {
    return members.of(channel).stream()
        .filter(one -> one.isOpen() && one.user().equals(session.user()));
  }

  private void announce(String name, String channel, String info, Session session) {
    ObjectNode data = details(channel);
    data.set("member", JSON.readTree(info.isEmpty() ? "null" : info));
    backplane.publish(
        new Event(
            EventIds.next(),
            name,
            RawJson.of(data.toString()),
            new Target.Channels(List.of(channel)),
            new Terms(0, 0, null, session.id()),
            System.currentTimeMillis()));
  }

  /** The users who are in the channel on this node, each with his presence data. */
  private Map<String, String> here(String channel) {
    Map<String, String> here = new LinkedHashMap<>();
    for (Map.Entry<Session, String> member : members.infoOf(channel).entrySet()) {
      if (here.size() == Rosters.MAX_MEMBERS) {
        break;
      }
      if (member.getKey().isOpen() && !member.getValue().isEmpty()) {
        here.put(member.getKey().user(), member.getValue());
      }
    }
    return here;
  }

  private static ArrayNode listed(Map<String, String> infoByUser) {
    ArrayNode list = JSON.createArrayNode();
    infoByUser.values().stream()
        .limit(Rosters.MAX_MEMBERS)
        .forEach(info -> list.add(JSON.readTree(info)));
    return list;
  }

  private static ObjectNode details(String channel) {
    return JSON.createObjectNode().put("channel", channel);
  }
}
