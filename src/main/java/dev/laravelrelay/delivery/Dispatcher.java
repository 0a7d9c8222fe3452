package dev.laravelrelay.delivery;

import dev.laravelrelay.delivery.Backplane.Reach;
import dev.laravelrelay.event.ChannelName;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.session.ChannelMembers;
import dev.laravelrelay.session.Delivery;
import dev.laravelrelay.session.Receipt;
import dev.laravelrelay.session.Session;
import dev.laravelrelay.session.SessionRegistry;
import dev.laravelrelay.session.SuspendedSessions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Hands an event to the sessions of its target on this node: looks them up, encodes once per
 * protocol, and gives each event loop one task for all of its sessions. Events that one thread
 * dispatches to a session arrive in that order. Safe from any thread; never blocks.
 */
public final class Dispatcher {

  /** Above this many sessions the reply does not list what became of each user of a channel. */
  public static final int LISTED_SESSIONS = 1_000;

  private final SessionRegistry registry;
  private final SuspendedSessions suspended;
  private final ChannelMembers channels;
  private final Receipts receipts;
  private final RelayMetrics metrics;
  private final Backlog backlog;

  public Dispatcher(
      SessionRegistry registry,
      SuspendedSessions suspended,
      ChannelMembers channels,
      Receipts receipts,
      RelayMetrics metrics) {
    this.registry = registry;
    this.suspended = suspended;
    this.channels = channels;
    this.receipts = receipts;
    this.metrics = metrics;
    this.backlog = new Backlog(metrics);
  }

  /** What was handed on and is not delivered yet. */
  public Backlog backlog() {
    return backlog;
  }

  /**
   * Hands the event on; says for each user, or for the target as a whole, how far it got, but not
   * whether it is held.
   */
  public List<Reach> dispatch(Event event) {
    return toTarget(event, user -> receipts.of(event, user));
  }

  /**
   * As {@link #dispatch(Event)}, for an event that another node awaits.
   *
   * @param awaiting told of the user of each session that gives its receipt, on the session's loop
   */
  public List<Reach> dispatch(Event event, Consumer<String> awaiting) {
    return toTarget(event, user -> receipts.of(event, user, awaiting));
  }

  /** As {@link #dispatch(Event)}, once there is room for it, or after a second: blocks. */
  public void dispatchWithRoom(Event event) {
    backlog.awaitRoomFor(event.target());
    dispatch(event);
  }

  /** For the user's suspended sessions alone; one that has it already does not get it again. */
  public void log(Event event, String user) {
    List<Session> sessions = suspended.ofUser(user);
    if (!sessions.isEmpty()) {
      EncodedEvent encoded = new EncodedEvent(event, one -> receipts.of(event, one));
      hand(event, encoded, sessions, encoded.receipt(user));
    }
  }

  private List<Reach> toTarget(Event event, Function<String, Receipt> receipt) {
    EncodedEvent encoded = new EncodedEvent(event, receipt);
    return switch (event.target()) {
      case Target.User(String user) -> List.of(toUser(event, encoded, user));
      case Target.Users(List<String> users) ->
          users.stream().map(user -> toUser(event, encoded, user)).toList();
      case Target.Channels(List<String> names) -> toSessions(event, encoded, membersOf(names));
      case Target.Socket(String id) -> {
        Session session = registry.ofSocket(id);
        yield toSessions(event, encoded, session == null ? List.of() : List.of(session));
      }
      case Target.Everyone _ ->
          List.of(toAll(event, encoded, both(registry.all(), suspended.all())));
    };
  }

  /**
   * Gives a new session what it missed, and with that opens it for live events.
   *
   * @param held the events that are held for its user
   * @param gap what passed between its client's last connection and this one
   */
  public void catchUp(Session session, List<Event> held, Gap gap) {
    Set<String> has = new HashSet<>();
    gap.received().forEach(delivery -> has.add(delivery.eventId()));
    Set<String> known = new HashSet<>(has);
    gap.missed().forEach(delivery -> known.add(delivery.eventId()));
    Map<String, Receipt> receiptsOfHeld = new HashMap<>();
    List<Delivery> deliveries = new ArrayList<>(held.size() + gap.missed().size());
    for (Event event : held) {
      if (session.id().equals(event.terms().except())) {
        continue;
      }
      Receipt receipt = receipts.of(event, session.user());
      if (known.contains(event.id())) {
        receiptsOfHeld.put(event.id(), receipt);
      } else {
        deliveries.add(new EncodedEvent(event, user -> receipt).in(session.protocol(), receipt));
      }
    }
    for (Delivery missed : gap.missed()) {
      Receipt receipt = receiptsOfHeld.get(missed.eventId());
      deliveries.add(missed.receipt() == null && receipt != null ? missed.with(receipt) : missed);
    }
    session.loop().execute(() -> session.catchUp(deliveries, has));
    for (Delivery received : gap.received()) {
      Receipt receipt =
          received.receipt() == null ? receiptsOfHeld.get(received.eventId()) : received.receipt();
      if (receipt != null) {
        receipt.received();
      }
    }
    metrics.delivered(deliveries.size());
  }

  private Reach toUser(Event event, EncodedEvent encoded, String user) {
    Receipt receipt = encoded.receipt(user);
    int handed = hand(event, encoded, sessionsOf(user), receipt);
    return new Reach(user, handed, false);
  }

  private List<Reach> toSessions(Event event, EncodedEvent encoded, Collection<Session> sessions) {
    if (sessions.isEmpty() || sessions.size() > LISTED_SESSIONS) {
      return List.of(toAll(event, encoded, sessions));
    }
    Map<String, List<Session>> byUser = new LinkedHashMap<>();
    for (Session session : sessions) {
      byUser.computeIfAbsent(session.user(), user -> new ArrayList<>(2)).add(session);
    }
    List<Reach> reached = new ArrayList<>(byUser.size());
    byUser.forEach(
        (user, own) -> {
          Receipt receipt = encoded.receipt(user);
          reached.add(new Reach(user, hand(event, encoded, own, receipt), false));
        });
    return reached;
  }

  private Reach toAll(Event event, EncodedEvent encoded, Collection<Session> sessions) {
    Receipt receipt = encoded.receipt("");
    return new Reach("", hand(event, encoded, sessions, receipt), false);
  }

  private Collection<Session> membersOf(List<String> names) {
    if (names.size() == 1) {
      return membersOf(names.getFirst());
    }
    Set<Session> members = Collections.newSetFromMap(new IdentityHashMap<>());
    names.forEach(name -> members.addAll(membersOf(name)));
    return members;
  }

  /** A user's own channel is the user himself: it needs no subscription. */
  private Collection<Session> membersOf(String name) {
    return ChannelName.owner(name).map(this::sessionsOf).orElseGet(() -> channels.of(name));
  }

  /**
   * The user's sessions, open and suspended, one for each socket id. One that is just moving
   * between the two is in both for a moment, hence the open ones are looked up twice.
   */
  private Collection<Session> sessionsOf(String user) {
    Session[] before = registry.ofUser(user);
    List<Session> away = suspended.ofUser(user);
    Session[] open = registry.ofUser(user);
    if (away.isEmpty() && Arrays.equals(before, open)) {
      return List.of(open);
    }
    Map<String, Session> byId = new LinkedHashMap<>();
    List.of(open).forEach(session -> byId.put(session.id(), session));
    List.of(before).forEach(session -> byId.putIfAbsent(session.id(), session));
    away.forEach(session -> byId.putIfAbsent(session.id(), session));
    return byId.values();
  }

  private static Collection<Session> both(Collection<Session> open, Collection<Session> suspended) {
    if (suspended.isEmpty()) {
      return open;
    }
    List<Session> all = new ArrayList<>(open);
    all.addAll(suspended);
    return all;
  }

  /** Suspended sessions log the event for their clients, but do not count as reached. */
  private int hand(
      Event event, EncodedEvent encoded, Collection<Session> sessions, @Nullable Receipt receipt) {
    String except = event.terms().except();
    Fanout fanout = new Fanout(encoded, receipt, backlog);
    int handed = 0;
    for (Session session : sessions) {
      boolean open = session.isOpen();
      if ((open || session.resumeLog() != null) && !session.id().equals(except)) {
        fanout.add(session);
        handed += open ? 1 : 0;
      }
    }
    fanout.run();
    metrics.delivered(handed);
    return handed;
  }
}
