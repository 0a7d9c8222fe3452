package dev.laravelrelay.redis;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.laravelrelay.delivery.Backplane.Reach;
import dev.laravelrelay.delivery.Dispatcher;
import dev.laravelrelay.delivery.Receipts;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.metrics.RelayMetrics;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands what this node hears to its sessions, and tells the node that published it how many there
 * were and, where that node waits for receipts, whose came. Events are heard by one thread, in
 * Redis's order.
 */
final class Hearing implements RedisTopics.Listener {

  private static final Logger log = LoggerFactory.getLogger(Hearing.class);

  /** For how long it is remembered that an event was dealt with. */
  private static final Duration REMEMBERED_FOR = Duration.ofMinutes(2);

  private static final int MAX_REMEMBERED = 50_000;

  private final String node;
  private final RedisNames names;
  private final RedisLane lane;
  private final Dispatcher dispatcher;
  private final Receipts receipts;
  private final Reports reports;
  private final Recovery recovery;
  private final RedisHandover handover;
  private final RedisEchoes echoes;
  private final RedisRosters rosters;
  private final RedisLogouts logouts;
  private final RelayMetrics metrics;

  /** Publications that come on several channels and were heard on one. */
  private final Cache<String, Boolean> heardOnce = remembering();

  /** Events of this node that it dispatched itself, because Redis was away, and how far. */
  private final Cache<String, List<Reach>> dispatchedHere = remembering();

  Hearing(
      String node,
      RedisNames names,
      RedisLane lane,
      Dispatcher dispatcher,
      Receipts receipts,
      Reports reports,
      Recovery recovery,
      RedisHandover handover,
      RedisEchoes echoes,
      RedisRosters rosters,
      RedisLogouts logouts,
      RelayMetrics metrics) {
    this.node = node;
    this.names = names;
    this.lane = lane;
    this.dispatcher = dispatcher;
    this.receipts = receipts;
    this.reports = reports;
    this.recovery = recovery;
    this.handover = handover;
    this.echoes = echoes;
    this.rosters = rosters;
    this.logouts = logouts;
    this.metrics = metrics;
  }

  private static <V> Cache<String, V> remembering() {
    return Caffeine.newBuilder()
        .maximumSize(MAX_REMEMBERED)
        .expireAfterWrite(REMEMBERED_FOR)
        .build();
  }

  /**
   * Hands the event to the sessions here, once: sent again, or published by Redis yet, it is not
   * heard again. One that reached nobody is: its user may be here by then.
   */
  List<Reach> dispatchHere(Event event) {
    String key = keyOf(event);
    List<Reach> before = dispatchedHere.asMap().putIfAbsent(key, List.of());
    if (before != null) {
      return before;
    }
    List<Reach> reached = dispatcher.dispatch(event);
    if (reached.stream().allMatch(reach -> reach.sessions() == 0)) {
      dispatchedHere.invalidate(key);
    } else {
      dispatchedHere.put(key, reached);
    }
    return reached;
  }

  @Override
  public void message(Topic topic, byte[] message) {
    try {
      switch (topic) {
        case Topic.Node _ -> told(NodeMessage.read(message));
        case Topic.User(String user) -> asked(topic, user, message);
        case Topic.Suspended(String user) -> asked(topic, user, message);
        case Topic.Channel _, Topic.Everyone _ -> asked(topic, "", message);
      }
    } catch (RuntimeException e) {
      metrics.redisMessageMalformed(topic instanceof Topic.Node ? "node" : "event");
      log.warn("{} bytes on {} are no message of a node: {}", message.length, topic, e.toString());
    }
  }

  private void asked(Topic topic, String user, byte[] message) {
    NodeMessage asked = NodeMessage.amongEvents(message);
    if (asked == null) {
      event(topic, Envelope.read(message, user));
      dispatcher.backlog().awaitSomeRoom();
    } else {
      told(asked);
    }
  }

  @Override
  public void restored(Collection<Topic> topics) {
    for (Topic topic : topics) {
      if (topic instanceof Topic.User(String user)) {
        recovery.recover(user);
      }
    }
  }

  private void told(NodeMessage message) {
    switch (message) {
      case NodeMessage.Report(long publication, List<Reach> reached) ->
          reports.add(publication, reached);
      case NodeMessage.Received(String eventId, String user) -> receipts.received(eventId, user);
      case NodeMessage.Search search -> handover.asked(search);
      case NodeMessage.Found found -> handover.told(found);
      case NodeMessage.Take take -> handover.asked(take);
      case NodeMessage.Given given -> handover.told(given);
      case NodeMessage.Echo echo -> echoes.heard(echo);
      case NodeMessage.WhoIsIn question -> rosters.asked(question);
      case NodeMessage.Members members -> rosters.told(members);
      case NodeMessage.LogOut question -> logouts.asked(question);
    }
  }

  private void event(Topic topic, Envelope envelope) {
    boolean own = envelope.origin().equals(node);
    if (topic instanceof Topic.Suspended(String user)) {
      dispatcher.log(envelope.event(), user);
    } else if (envelope.repeated()
        && heardOnce.asMap().putIfAbsent(keyOf(envelope.event()), true) != null) {
      report(envelope, own, List.of());
    } else if (own && dispatchedHere.getIfPresent(keyOf(envelope.event())) != null) {
      report(envelope, true, List.of());
    } else if (topic instanceof Topic.User(String user)) {
      recovery.inTurn(user, envelope.event(), () -> report(envelope, own, dispatch(envelope, own)));
    } else {
      report(envelope, own, dispatch(envelope, own));
    }
  }

  private List<Reach> dispatch(Envelope envelope, boolean own) {
    Event event = envelope.event();
    if (own || event.terms().confirmMillis() == 0) {
      return dispatcher.dispatch(event);
    }
    if (event.terms().holdSeconds() > 0) {
      return dispatcher.dispatch(event, user -> {}); // the release tells the origin
    }
    return dispatcher.dispatch(
        event, user -> tell(envelope.origin(), new NodeMessage.Received(event.id(), user)));
  }

  private void report(Envelope envelope, boolean own, List<Reach> reached) {
    if (envelope.publication() == 0) {
      return;
    }
    if (own) {
      reports.add(envelope.publication(), reached);
    } else {
      tell(envelope.origin(), new NodeMessage.Report(envelope.publication(), reached));
    }
  }

  private void tell(String other, NodeMessage message) {
    lane.publish(names.bytes(new Topic.Node(other)), message.toBytes());
  }

  private static String keyOf(Event event) {
    return event.target() instanceof Target.User(String user)
        ? event.id() + '\0' + user
        : event.id();
  }
}
