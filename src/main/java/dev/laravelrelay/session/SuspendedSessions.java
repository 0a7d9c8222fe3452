package dev.laravelrelay.session;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * Sessions whose connection ended and whose clients may resume: they go on logging what is meant
 * for them, for {@link ResumeLog#KEPT_MILLIS}. Bounded; past the limit the one that was suspended
 * first is given up. Safe from any thread.
 */
public final class SuspendedSessions {

  /** How many there are at most. */
  public static final int LIMIT = 10_000;

  private final ConcurrentMap<String, List<Session>> byUser = new ConcurrentHashMap<>();

  /**
   * The oldest first, with the epoch milliseconds of the suspension; only touched under its lock.
   */
  private final Map<Session, Long> since = new LinkedHashMap<>();

  /** Keeps the session; returns those that are given up for it. */
  public List<Session> add(Session session, long now) {
    boolean added;
    synchronized (since) {
      added = since.put(session, now) == null;
    }
    if (added) {
      byUser.merge(session.user(), List.of(session), SuspendedSessions::concat);
    }
    return removeOldest(oldest -> since.size() > LIMIT);
  }

  /** Forgets the session; returns whether it was here. */
  public boolean remove(Session session) {
    boolean known;
    synchronized (since) {
      known = since.remove(session) != null;
    }
    if (known) {
      byUser.computeIfPresent(session.user(), (user, sessions) -> without(sessions, session));
    }
    return known;
  }

  /** Forgets those whose clients have stayed away too long; returns them. */
  public List<Session> expire(long now) {
    return removeOldest(oldest -> oldest <= now - ResumeLog.KEPT_MILLIS);
  }

  /** The user's, the oldest first. */
  public List<Session> ofUser(String user) {
    return byUser.getOrDefault(user, List.of());
  }

  /** All of them. */
  public Collection<Session> all() {
    synchronized (since) {
      return since.isEmpty() ? Collections.emptyList() : List.copyOf(since.keySet());
    }
  }

  /** How many there are. */
  public int size() {
    synchronized (since) {
      return since.size();
    }
  }

  private interface Doomed {
    boolean test(long suspendedAt);
  }

  private List<Session> removeOldest(Doomed doomed) {
    List<Session> gone = new ArrayList<>();
    while (true) {
      Session oldest;
      synchronized (since) {
        Map.Entry<Session, Long> first =
            since.isEmpty() ? null : since.entrySet().iterator().next();
        if (first == null || !doomed.test(first.getValue())) {
          return gone;
        }
        oldest = first.getKey();
      }
      if (remove(oldest)) {
        gone.add(oldest);
      }
    }
  }

  private static List<Session> concat(List<Session> sessions, List<Session> added) {
    List<Session> all = new ArrayList<>(sessions);
    all.addAll(added);
    return List.copyOf(all);
  }

  private static @Nullable List<Session> without(List<Session> sessions, Session gone) {
    List<Session> rest = sessions.stream().filter(session -> session != gone).toList();
    return rest.isEmpty() ? null : rest;
  }
}
