package dev.laravelrelay.socket;

import dev.laravelrelay.delivery.Gap;
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
import java.util.List;
import java.util.Objects;
import java.util.Set;
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
public final class Resumption {

  private static final int PID_BYTES = 16;
  private static final Set<String> GOOD_BYE =
      Set.of(CloseReason.CLIENT_DISCONNECTED.text(), CloseReason.SERVER_DISCONNECTED.text());

  private final SessionRegistry registry;
  private final SuspendedSessions suspended;
  private final ChannelMembers channels;
  private final Interest interest;
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
      RelayMetrics metrics) {
    this.registry = registry;
    this.suspended = suspended;
    this.channels = channels;
    this.interest = interest;
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
   * The user's session with this secret, if its client can be given all that follows the offset.
   */
  @Nullable Session find(String pid, String user, String offset) {
    Session session = byPid.get(pid);
    boolean resumes =
        session != null
            && session.user().equals(user)
            && Objects.requireNonNull(session.resumeLog()).covers(offset);
    metrics.resumption(resumes ? "resumed" : "gap");
    return resumes ? session : null;
  }

  /** A plain session of the user's, open or not, that has the event with this id in its log. */
  @Nullable Session findPlain(String user, String after) {
    Session found =
        Stream.concat(Stream.of(registry.ofUser(user)), suspended.ofUser(user).stream())
            .filter(session -> session.protocol() == Protocol.PLAIN_JSON)
            .filter(session -> Objects.requireNonNull(session.resumeLog()).covers(after))
            .findFirst()
            .orElse(null);
    metrics.resumption(found != null ? "resumed" : "gap");
    return found;
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
   * The session ended; returns whether its client may resume. One that said good-bye, or was told
   * to stay away, may not.
   */
  boolean suspend(Session session, String reason) {
    boolean mayResume =
        session.resumeLog() != null
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
