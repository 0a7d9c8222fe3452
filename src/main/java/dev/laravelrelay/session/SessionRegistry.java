package dev.laravelrelay.session;

import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * The sessions of this node, by user and by socket id. Both look-ups take constant time and no
 * lock. Safe from any thread.
 */
public final class SessionRegistry {

  private static final Session[] NONE = {};

  private final ConcurrentMap<String, Session> byId = new ConcurrentHashMap<>();
  private final ConcurrentMap<String, Session[]> byUser = new ConcurrentHashMap<>();
  private final PresenceListener presence;

  public SessionRegistry() {
    this(PresenceListener.NONE);
  }

  /**
   * @param presence hears, on the thread that adds or removes, of users with sessions on this node;
   *     must not call back
   */
  public SessionRegistry(PresenceListener presence) {
    this.presence = presence;
  }

  /** Adds the session; from here on events for its user reach it. Ids are unique. */
  public void add(Session session) {
    Session previous = byId.putIfAbsent(session.id(), session);
    if (previous != null) {
      throw new IllegalStateException("two sessions with id " + session.id());
    }
    byUser.compute(
        session.user(),
        (user, sessions) -> {
          if (sessions == null) {
            presence.came(user);
          }
          return concat(sessions == null ? NONE : sessions, session);
        });
  }

  /** Forgets the session; returns whether it was known. */
  public boolean remove(Session session) {
    if (!byId.remove(session.id(), session)) {
      return false;
    }
    byUser.computeIfPresent(
        session.user(),
        (user, sessions) -> {
          Session[] rest = without(sessions, session);
          if (rest == null) {
            presence.left(user);
          }
          return rest;
        });
    return true;
  }

  /** The user's sessions, oldest first. The array is shared: read only. */
  public Session[] ofUser(String user) {
    return byUser.getOrDefault(user, NONE);
  }

  /** The session with this socket id. */
  public @Nullable Session ofSocket(String id) {
    return byId.get(id);
  }

  /** Every session: a live view. */
  public Collection<Session> all() {
    return Collections.unmodifiableCollection(byId.values());
  }

  /** How many sessions there are. */
  public int size() {
    return byId.size();
  }

  /** How many users have a session. */
  public int users() {
    return byUser.size();
  }

  private static Session[] concat(Session[] sessions, Session added) {
    Session[] all = Arrays.copyOf(sessions, sessions.length + 1);
    all[sessions.length] = added;
    return all;
  }

  private static Session @Nullable [] without(Session[] sessions, Session gone) {
    Session[] rest =
        Arrays.stream(sessions).filter(session -> session != gone).toArray(Session[]::new);
    return rest.length == 0 ? null : rest;
  }
}
