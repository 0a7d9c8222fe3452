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

  /** A session of this node that the client may resume: it can be given all that it missed. */
  @Nullable Session here(Handover.Claim claim) {
    return claim.pid() == null
        ? ofPlain(claim.user(), claim.offset())
        : ofPid(claim.pid(), claim.user(), claim.offset());
  }

  private @Nullable Session ofPid(String pid, String user, String offset) {
    Session session = byPid.get(pid);
    return session != null
            && session.user().equals(user)
            && Objects.requireNonNull(session.resumeLog()).covers(offset)
        ? session
        : null;
  }

  /** Open or not. */
  private @Nullable Session ofPlain(String user, String after) {
    return Stream.concat(Stream.of(registry.ofUser(user)), suspended.ofUser(user).stream())
        .filter(session -> session.protocol() == Protocol.PLAIN_JSON)
        .filter(session -> Objects.requireNonNull(session.resumeLog()).covers(after))
        .findFirst()
        .orElse(null);
  }

  /** The place of the session on another node. */
  CompletionStage<Optional<Handover.Place>> elsewhere(Handover.Claim claim) {
    return handover.find(claim);
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
   * among the suspended before it leaves the others: at no time is it in neither place.
   */
  void retire(Session old) {
    giveUp(suspended.add(old, System.currentTimeMillis()));
    registry.remove(old);
  }

  /** Puts the new session, which is registered already, into the old one's place. */
  Gap takeOver(Session old, Session session, String pid, String offset) {
    for (String channel : List.copyOf(channels.channelsOf(old))) {
      channels.join(channel, session, channels.infoOf(channel).getOrDefault(old, ""));
    }
    own(pid, session);
    ResumeLog log = Objects.requireNonNull(old.resumeLog());
    List<Delivery> received = log.upTo(offset);
    List<Delivery> missed =
        log.handOver(offset, late -> session.loop().execute(() -> session.deliver(late)));
    suspended.remove(old);
    channels.leaveAll(old);
    return new Gap(received, missed);
  }

  /** What the client of the old session has, and what it missed. */
  static Gap gap(Session old, String offset) {
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
  public Optional<Handover.Offer> find(Handover.Claim claim) {
    boolean moves = claim.pid() != null;
    return Optional.ofNullable(here(claim))
        .map(old -> new Handover.Offer(old.id(), moves ? placesOf(old) : Map.of()));
  }

  @Override
  public CompletionStage<Optional<Handover.Inheritance>> release(Handover.Claim claim) {
    Session old = here(claim);
    if (old == null || (claim.pid() != null && !claim(claim.pid(), old))) {
      return CompletableFuture.completedStage(Optional.empty());
    }
    boolean moves = claim.pid() != null;
    if (moves) {
      retire(old);
      old.close(CloseReason.TRANSPORT_CLOSED);
    }
    // Behind what is on its way to the session.
    return CompletableFuture.supplyAsync(
        () -> Optional.of(moves ? leave(old, claim.offset()) : copy(old, claim.offset())),
        old.loop());
  }

  private static Handover.Inheritance copy(Session old, String offset) {
    return new Handover.Inheritance(gap(old, offset), Map.of());
  }

  private Handover.Inheritance leave(Session old, String offset) {
    Map<String, String> places = placesOf(old);
    Gap gap = gap(old, offset);
    suspended.remove(old);
    giveUp(List.of(old));
    return new Handover.Inheritance(gap, places);
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
