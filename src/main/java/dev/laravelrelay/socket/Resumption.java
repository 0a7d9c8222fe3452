package dev.laravelrelay.socket;

import dev.laravelrelay.delivery.Gap;
import dev.laravelrelay.delivery.Handover;
import dev.laravelrelay.delivery.Interest;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.protocol.Protocol;
import dev.laravelrelay.session.ChannelMembers;
import dev.laravelrelay.session.Delivery;
import dev.laravelrelay.session.ResumeLog;
import dev.laravelrelay.session.Session;
import dev.laravelrelay.session.SessionRegistry;
import dev.laravelrelay.session.SuspendedSessions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Lets clients that asked for it take up a session again after their connection was lost, also
 * before the relay has noticed the loss. Safe from any thread.
 *
 * @see <a href="https://socket.io/docs/v4/connection-state-recovery">Connection state recovery</a>
 */
public final class Resumption implements Handover.Holder {

  /** Of how many of a user's plain sessions it is found out what each has missed. */
  private static final int MAX_COMPARED = 16;

  private static final int PID_BYTES = 16;
  private static final Set<String> GOOD_BYE =
      Set.of(CloseReason.CLIENT_DISCONNECTED.text(), CloseReason.SERVER_DISCONNECTED.text());

  private final SessionRegistry registry;
  private final SuspendedSessions suspended;
  private final ChannelMembers channels;
  private final Interest interest;
  private final Handover handover;
  private final RelayMetrics metrics;
  private final SecureRandom random = new SecureRandom();

  /** Whoever knows the secret may take up the session, if he is the same user. */
  private final ConcurrentMap<String, Session> byPid = new ConcurrentHashMap<>();

  private final ConcurrentMap<Session, String> pids = new ConcurrentHashMap<>();

  public Resumption(
      SessionRegistry registry,
      SuspendedSessions suspended,
      ChannelMembers channels,
      Interest interest,
      Handover handover,
      RelayMetrics metrics) {
    this.registry = registry;
    this.suspended = suspended;
    this.channels = channels;
    this.interest = interest;
    this.handover = handover;
    this.metrics = metrics;
    metrics.gauge("relay_sessions_suspended", "Sessions that may resume", suspended::size);
  }

  /** A new secret. */
  String newPid() {
    byte[] bytes = new byte[PID_BYTES];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** From now on the session can be resumed with this secret. */
  void own(String pid, Session session) {
    Session previous = byPid.put(pid, session);
    if (previous != null) {
      pids.remove(previous);
    }
    pids.put(session, pid);
  }

  /**
   * The sessions of this node that may be the one that the client lost, and whose logs have all
   * that it missed: by its secret one or none. A plain client has none: it may be any of its user's
   * that were suspended; only without such a one any that is open, and then half-open.
   */
  List<Session> here(Handover.Claim claim) {
    if (claim.pid() != null) {
      Session session = byPid.get(claim.pid());
      return session != null && session.user().equals(claim.user()) && covers(session, claim)
          ? List.of(session)
          : List.of();
    }
    // Before the suspended ones: at no time is a session in neither place.
    Session[] open = registry.ofUser(claim.user());
    List<Session> away = plain(suspended.ofUser(claim.user()).stream(), claim);
    return away.isEmpty() ? plain(Stream.of(open), claim) : away;
  }

  private static List<Session> plain(Stream<Session> sessions, Handover.Claim claim) {
    return sessions
        .filter(session -> session.protocol() == Protocol.PLAIN_JSON)
        .filter(session -> covers(session, claim))
        .toList();
  }

  private static boolean covers(Session session, Handover.Claim claim) {
    return Objects.requireNonNull(session.resumeLog()).covers(claim.offset());
  }

  private boolean isAway(List<Session> here) {
    return !here.isEmpty() && suspended.ofUser(here.getFirst().user()).contains(here.getFirst());
  }

  /** Whether the plain session is the only one that its client can have lost. */
  private boolean isSure(List<Session> here, Handover.Claim claim) {
    return isAway(here)
        && here.size() == 1
        && plain(Stream.of(registry.ofUser(claim.user())), claim).isEmpty();
  }

  /**
   * Whether it does not matter which of them the client lost, as it missed the same in each; not
   * found out for too many.
   */
  private static boolean agree(List<Session> here, String offset) {
    return here.size() == 1
        || (here.size() <= MAX_COMPARED
            && here.stream().map(old -> idsOf(gap(old, offset).missed())).distinct().count() == 1);
  }

  private static List<String> idsOf(List<Delivery> deliveries) {
    return deliveries.stream().map(Delivery::eventId).toList();
  }

  /** The places of the session on other nodes. */
  CompletionStage<List<Handover.Place>> elsewhere(Handover.Claim claim) {
    return handover.find(claim);
  }

  /** Where the session is that a plain client lost. */
  sealed interface Lost {

    /**
     * On this node.
     *
     * @param alone whether it is suspended, and the only one that it can be
     */
    record Here(Session old, boolean alone) implements Lost {}

    /** On another. */
    record Elsewhere(Handover.Place place) implements Lost {}
  }

  /**
   * Looks for it on all nodes; empty if it is on none, and if it may be one or another that are not
   * on one node or in which the client did not miss the same.
   */
  CompletionStage<Optional<Lost>> lost(Handover.Claim claim) {
    return elsewhere(claim)
        .thenApply(
            places -> {
              List<Session> here = here(claim);
              boolean hereAway = isAway(here);
              boolean away =
                  hereAway || places.stream().anyMatch(place -> place.offer().suspended());
              List<Handover.Place> others =
                  places.stream().filter(place -> place.offer().suspended() == away).toList();
              if (here.isEmpty() || hereAway != away) {
                return others.size() == 1
                    ? Optional.of(new Lost.Elsewhere(others.getFirst()))
                    : Optional.empty();
              }
              return others.isEmpty() && agree(here, claim.offset())
                  ? Optional.of(new Lost.Here(here.getFirst(), isSure(here, claim)))
                  : Optional.empty();
            });
  }

  /** Counts what became of a client's wish. */
  void counted(boolean resumed) {
    metrics.resumption(resumed ? "resumed" : "gap");
  }

  /** Whether the caller, and nobody else, may take up the session. */
  boolean claim(String pid, Session old) {
    boolean won = byPid.remove(pid, old);
    if (won) {
      pids.remove(old);
    }
    return won;
  }

  /**
   * Takes the old session's name away from it; it goes on logging until {@link #takeOver}. It is
   * among the suspended before it leaves the others: at no time is it in neither place. Returns
   * whether its end was noticed before, so that its user was announced as gone.
   */
  boolean retire(Session old) {
    giveUp(suspended.add(old, System.currentTimeMillis()));
    return !registry.remove(old);
  }

  /** Puts the new session, which is registered already, into the old one's place. */
  Gap takeOver(Session old, Session session, String pid, String offset) {
    for (String channel : List.copyOf(channels.channelsOf(old))) {
      channels.join(channel, session, channels.infoOf(channel).getOrDefault(old, ""));
    }
    own(pid, session);
    Gap gap = succeed(old, session, offset);
    channels.leaveAll(old);
    return gap;
  }

  /**
   * What the plain client missed. A session that can be nobody else's ends, lest it be taken for
   * the new one's later on. On the old one's loop.
   */
  Gap takeOver(Lost.Here lost, Session session, String offset) {
    if (!lost.alone()) {
      return gap(lost.old(), offset);
    }
    Gap gap = succeed(lost.old(), session, offset);
    giveUp(List.of(lost.old()));
    return gap;
  }

  private Gap succeed(Session old, Session session, String offset) {
    ResumeLog log = Objects.requireNonNull(old.resumeLog());
    List<Delivery> received = log.upTo(offset);
    List<Delivery> missed =
        log.handOver(offset, late -> session.loop().execute(() -> session.deliver(late)));
    suspended.remove(old);
    return new Gap(received, missed);
  }

  /** What the client of the old session has, and what it missed. */
  private static Gap gap(Session old, String offset) {
    ResumeLog log = Objects.requireNonNull(old.resumeLog());
    return new Gap(log.upTo(offset), log.after(offset).orElse(List.of()));
  }

  /**
   * Puts the new session, which is registered already, into the place of one of another node. It is
   * in that one's channels before the other leaves them, so nothing falls between. On its loop.
   */
  CompletionStage<Handover.Inheritance> inherit(
      Session session, Handover.Place place, Handover.Claim claim) {
    return join(session, place.offer().channels())
        .thenCompose(listening -> handover.take(place, claim));
  }

  /** Makes the session what the inherited one was. On its loop. */
  void settle(
      Session session, Handover.Place place, Handover.Claim claim, Handover.Inheritance inherited) {
    Objects.requireNonNull(session.resumeLog()).startAt(claim.offset());
    if (claim.pid() != null) {
      own(claim.pid(), session);
    }
    Map<String, String> changed = new HashMap<>(inherited.channels());
    changed.keySet().removeAll(place.offer().channels().keySet());
    join(session, changed);
    for (String offered : place.offer().channels().keySet()) {
      if (!inherited.channels().containsKey(offered)) {
        channels.leave(offered, session);
        interest.channelChanged(offered);
      }
    }
  }

  /** Completes when this node listens to them. */
  private CompletionStage<?> join(Session session, Map<String, String> infoByChannel) {
    return CompletableFuture.allOf(
        infoByChannel.entrySet().stream()
            .map(
                one -> {
                  channels.join(one.getKey(), session, one.getValue());
                  return interest.channelChanged(one.getKey()).toCompletableFuture();
                })
            .toArray(CompletableFuture[]::new));
  }

  @Override
  public List<Handover.Offer> find(Handover.Claim claim) {
    List<Session> here = here(claim);
    boolean moves = claim.pid() != null;
    boolean away = isAway(here);
    return here.stream()
        .limit(agree(here, claim.offset()) ? 1 : 2)
        .map(old -> new Handover.Offer(old.id(), away, moves ? placesOf(old) : Map.of()))
        .toList();
  }

  @Override
  public CompletionStage<Optional<Handover.Inheritance>> release(Handover.Claim claim) {
    List<Session> here = here(claim);
    String pid = claim.pid();
    if (!agree(here, claim.offset()) || (pid != null && !claim(pid, here.getFirst()))) {
      return CompletableFuture.completedStage(Optional.empty());
    }
    Session old = here.getFirst();
    boolean moves = pid != null;
    boolean ends = moves || isSure(here, claim);
    boolean wasGone = moves && retire(old);
    if (moves) {
      old.close(CloseReason.TRANSPORT_CLOSED);
    }
    // Behind what is on its way to the session.
    return CompletableFuture.supplyAsync(
        () -> {
          Map<String, String> places = moves ? placesOf(old) : Map.of();
          Gap gap = gap(old, claim.offset());
          if (ends) {
            suspended.remove(old);
            giveUp(List.of(old));
          }
          return Optional.of(new Handover.Inheritance(gap, places, wasGone));
        },
        old.loop());
  }

  private Map<String, String> placesOf(Session session) {
    Map<String, String> places = new HashMap<>();
    for (String channel : channels.channelsOf(session)) {
      places.put(channel, channels.infoOf(channel).getOrDefault(session, ""));
    }
    return places;
  }

  /**
   * The session ended; returns whether its client may resume. One that said good-bye, or was told
   * to stay away, may not.
   */
  boolean suspend(Session session, String reason) {
    boolean mayResume =
        session.resumeLog() != null
            && !session.resumeLog().isEnded()
            && !GOOD_BYE.contains(reason)
            && (session.protocol() == Protocol.PLAIN_JSON
                ? !session.resumeLog().isUntouched()
                : pids.containsKey(session));
    if (mayResume) {
      giveUp(suspended.add(session, System.currentTimeMillis()));
    } else {
      forgetPid(session);
    }
    return mayResume;
  }

  /** Nobody resumes the user's sessions any more, but the one with this socket id. */
  void end(String user, @Nullable String except) {
    Stream.concat(Stream.of(registry.ofUser(user)), suspended.ofUser(user).stream())
        .filter(session -> session.resumeLog() != null && !session.id().equals(except))
        .forEach(
            session -> {
              Objects.requireNonNull(session.resumeLog()).end();
              forgetPid(session);
              if (suspended.remove(session)) {
                giveUp(List.of(session));
              }
            });
  }

  /** Forgets the sessions whose clients have stayed away too long; to be called now and then. */
  public void expire(long now) {
    giveUp(suspended.expire(now));
  }

  private void giveUp(List<Session> sessions) {
    for (Session session : sessions) {
      channels.leaveAll(session).forEach(interest::channelChanged);
      interest.left(session.user());
      forgetPid(session);
    }
  }

  private void forgetPid(Session session) {
    String pid = pids.remove(session);
    if (pid != null) {
      byPid.remove(pid, session);
    }
  }
}
