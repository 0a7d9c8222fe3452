package dev.laravelrelay.redis;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.laravelrelay.delivery.Dispatcher;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.session.SessionRegistry;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Gives users what they missed while this node could not hear: reads their held events and hands on
 * those that it has not handed on before. What is heard for a user meanwhile waits behind them. An
 * event may come twice, none is lost. Safe from any thread; nothing blocks.
 */
final class Recovery {

  /** How many users' held events are read at a time. */
  private static final int MAX_READING = 64;

  /** How many events wait for a user's held ones; beyond that they overtake them. */
  private static final int MAX_WAITING = 10_000;

  private static final int MAX_GIVEN = 100_000;

  private record Waiting(Event event, Runnable delivery) {}

  private final RedisHeldEvents heldEvents;
  private final SessionRegistry registry;
  private final Dispatcher dispatcher;
  private final RelayMetrics metrics;

  /** Held events that were handed on here, by id and user. */
  private final Cache<String, Boolean> given =
      Caffeine.newBuilder().maximumSize(MAX_GIVEN).expireAfterWrite(Duration.ofMinutes(2)).build();

  /** What waits for each user who is to be given his held events. Guarded by this, as the rest. */
  private final Map<String, List<Waiting>> behind = new HashMap<>();

  /** Who has sessions that were not given what is held, whatever others of his were. */
  private final Set<String> anew = new HashSet<>();

  private final ArrayDeque<String> toRead = new ArrayDeque<>();
  private final Set<String> failed = new LinkedHashSet<>();
  private int reading;
  private int waiting;

  Recovery(
      RedisHeldEvents heldEvents,
      SessionRegistry registry,
      Dispatcher dispatcher,
      RelayMetrics metrics) {
    this.heldEvents = heldEvents;
    this.registry = registry;
    this.dispatcher = dispatcher;
    this.metrics = metrics;
    metrics.gauge("relay_recovering_users", "Users whose missed events are read", this::users);
  }

  private synchronized int users() {
    return behind.size();
  }

  /** The user may have missed something. */
  void recover(String user) {
    synchronized (this) {
      if (behind.putIfAbsent(user, new ArrayList<>(0)) != null) {
        return;
      }
      toRead.add(user);
    }
    readNext();
  }

  /** Tries those again whose events could not be read; to be called every second. */
  void retry() {
    for (String user : heldEvents.takeUnread()) {
      if (registry.ofUser(user).length > 0) {
        synchronized (this) {
          anew.add(user);
        }
        recover(user);
      }
    }
    synchronized (this) {
      toRead.addAll(failed);
      failed.clear();
    }
    readNext();
  }

  /** Hands on what was heard for the user: at once, or behind what he is yet to be given. */
  void inTurn(String user, Event event, Runnable delivery) {
    synchronized (this) {
      List<Waiting> line = behind.get(user);
      if (line != null && waiting < MAX_WAITING) {
        line.add(new Waiting(event, delivery));
        waiting++;
        return;
      }
    }
    note(user, event);
    delivery.run();
  }

  private void readNext() {
    String user;
    while ((user = next()) != null) {
      String one = user;
      heldEvents
          .read(one)
          .whenComplete(
              (events, failure) -> {
                if (events == null) {
                  notRead(one);
                } else {
                  give(one, events);
                }
                readNext();
              });
    }
  }

  private synchronized @Nullable String next() {
    if (reading >= MAX_READING || toRead.isEmpty()) {
      return null;
    }
    reading++;
    return toRead.poll();
  }

  private synchronized void notRead(String user) {
    reading--;
    failed.add(user);
  }

  /** Under the lock until the line is empty, so that nothing overtakes. */
  private synchronized void give(String user, List<Event> events) {
    reading--;
    List<Waiting> line = Objects.requireNonNullElse(behind.remove(user), List.of());
    boolean whole = anew.remove(user);
    Set<String> later = new HashSet<>();
    line.forEach(one -> later.add(one.event().id()));
    int count = 0;
    for (Event event : events) {
      boolean missed = whole || given.getIfPresent(key(user, event)) == null;
      if (missed && !later.contains(event.id())) {
        note(user, event);
        dispatcher.dispatch(forTheUser(user, event));
        count++;
      }
    }
    metrics.recovered(count);
    waiting -= line.size();
    for (Waiting one : line) {
      note(user, one.event());
      one.delivery().run();
    }
  }

  private void note(String user, Event event) {
    if (event.terms().holdSeconds() > 0) {
      given.put(key(user, event), true);
    }
  }

  private static Event forTheUser(String user, Event event) {
    return new Event(
        event.id(),
        event.name(),
        event.data(),
        new Target.User(user),
        event.terms(),
        event.acceptedAt());
  }

  private static String key(String user, Event event) {
    return event.id() + '\0' + user;
  }
}
