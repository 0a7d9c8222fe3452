package dev.laravelrelay.session;

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Which sessions are in which channel, on this node. A channel exists while it has a member. Safe
 * from any thread.
 */
public final class ChannelMembers {

  /** What Laravel said of a member of a presence channel, as JSON; empty for other channels. */
  private final ConcurrentMap<String, ConcurrentMap<Session, String>> members =
      new ConcurrentHashMap<>();

  private final ConcurrentMap<Session, Set<String>> channels = new ConcurrentHashMap<>();

  /**
   * Adds the session to the channel; returns false if it was in it.
   *
   * @param info the member's presence data as JSON; {@code ""} if the channel has none
   */
  public boolean join(String channel, Session session, String info) {
    boolean[] added = new boolean[1];
    members.compute(
        channel,
        (name, sessions) -> {
          ConcurrentMap<Session, String> joined =
              sessions == null ? new ConcurrentHashMap<>(4) : sessions;
          added[0] = joined.put(session, info) == null;
          return joined;
        });
    channels.computeIfAbsent(session, key -> ConcurrentHashMap.newKeySet()).add(channel);
    return added[0];
  }

  /** Takes the session out of the channel; returns false if it was not in it. */
  public boolean leave(String channel, Session session) {
    channels.computeIfPresent(
        session,
        (key, joined) -> {
          joined.remove(channel);
          return joined.isEmpty() ? null : joined;
        });
    boolean[] removed = new boolean[1];
    members.computeIfPresent(
        channel,
        (name, sessions) -> {
          removed[0] = sessions.remove(session) != null;
          return sessions.isEmpty() ? null : sessions;
        });
    return removed[0];
  }

  /** Takes the session out of all its channels; returns them. */
  public Set<String> leaveAll(Session session) {
    Set<String> joined = Set.copyOf(channels.getOrDefault(session, Set.of()));
    joined.forEach(channel -> leave(channel, session));
    return joined;
  }

  /** The channel's members: a live view. */
  public Collection<Session> of(String channel) {
    return infoOf(channel).keySet();
  }

  /** The channel's members and their presence data: a live view. */
  public Map<Session, String> infoOf(String channel) {
    return members.getOrDefault(channel, new ConcurrentHashMap<>(1));
  }

  /** The channels that the session is in. */
  public Set<String> channelsOf(Session session) {
    return channels.getOrDefault(session, Set.of());
  }

  /** How many channels have a member. */
  public int size() {
    return members.size();
  }
}
