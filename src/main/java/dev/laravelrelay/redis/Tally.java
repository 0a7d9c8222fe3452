package dev.laravelrelay.redis;

import dev.laravelrelay.delivery.Backplane.Reach;
import dev.laravelrelay.delivery.Dispatcher;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The reports of several nodes as one. Used by one thread. */
final class Tally {

  /** In place of a user: many. */
  private static final String MANY = "";

  private final Map<String, Integer> sessions = new LinkedHashMap<>();

  Tally(List<Reach> reached) {
    reached.forEach(this::add);
  }

  void add(Reach reach) {
    sessions.merge(reach.user(), reach.sessions(), Integer::sum);
  }

  int of(String user) {
    return sessions.getOrDefault(user, 0);
  }

  /**
   * By user, if every node told its users and they are not too many; otherwise as a whole, without
   * a user.
   */
  List<Reach> reached() {
    int all = sessions.values().stream().mapToInt(Integer::intValue).sum();
    boolean whole = of(MANY) > 0 || all == 0 || all > Dispatcher.LISTED_SESSIONS;
    if (whole) {
      return List.of(new Reach(MANY, all, false));
    }
    return sessions.entrySet().stream()
        .filter(user -> !user.getKey().equals(MANY))
        .map(user -> new Reach(user.getKey(), user.getValue(), false))
        .toList();
  }
}
