package dev.laravelrelay.redis;

import dev.laravelrelay.delivery.Backplane;
import dev.laravelrelay.delivery.Dispatcher;
import dev.laravelrelay.event.ChannelName;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.session.Session;
import dev.laravelrelay.session.SessionRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Publishes to the nodes that have sessions of the target, this one included, over Redis: events to
 * one user arrive in the order in which Redis got them, whatever node they came from. Redis says
 * how many nodes listen; they report how many sessions where that matters: where a receipt is
 * awaited, somebody is left out, or the target is not a user. Otherwise each node counts as one
 * session, except this one, which knows.
 *
 * <p>While Redis is away, an event goes to the sessions here, unkept; where there are none it is
 * not taken. Safe from any thread; never blocks.
 */
final class RedisBackplane implements Backplane {

  private static final int RETRY_AFTER_SECONDS = 1;

  /** One user's part of a publication; failed if Redis did not take it. */
  private record Part(String user, int nodes, boolean held, boolean failed) {}

  private final String node;
  private final RedisNames names;
  private final RedisLane lane;
  private final RedisHeldEvents heldEvents;
  private final Reports reports;
  private final Hearing hearing;
  private final Dispatcher dispatcher;
  private final SessionRegistry registry;
  private final EmitPatience patience;

  RedisBackplane(
      String node,
      RedisNames names,
      RedisLane lane,
      RedisHeldEvents heldEvents,
      Reports reports,
      Hearing hearing,
      Dispatcher dispatcher,
      SessionRegistry registry,
      EmitPatience patience) {
    this.node = node;
    this.names = names;
    this.lane = lane;
    this.heldEvents = heldEvents;
    this.reports = reports;
    this.hearing = hearing;
    this.dispatcher = dispatcher;
    this.registry = registry;
    this.patience = patience;
  }

  @Override
  public CompletionStage<Published> publish(Event event) {
    if (reports.isFull()) {
      return CompletableFuture.completedStage(new Published.Unavailable(RETRY_AFTER_SECONDS));
    }
    return switch (event.target()) {
      case Target.User(String user) -> toUsers(event, List.of(user));
      case Target.Users(List<String> users) -> toUsers(event, users);
      case Target.Channels(List<String> channels) -> toTopics(event, topics(channels));
      case Target.Socket(String id) when registry.ofSocket(id) != null ->
          CompletableFuture.completedStage(new Published.Done(dispatcher.dispatch(event)));
      case Target.Socket _, Target.Everyone _ -> toTopics(event, List.of(new Topic.Everyone()));
    };
  }

  // --- users

  private CompletionStage<Published> toUsers(Event event, List<String> users) {
    boolean counted = event.terms().confirmMillis() > 0 || event.terms().except() != null;
    Reports.Awaited awaited = counted ? reports.open() : null;
    byte[] head = Envelope.head(node, awaited == null ? 0 : awaited.number(), false);
    byte[] bytes = EventBytes.forTheUser(event);
    byte[] message =
        event.terms().holdSeconds() > 0
            ? bytes
            : new ByteWriter(head.length + bytes.length).raw(head).raw(bytes).toBytes();
    if (users.size() == 1) {
      return toUser(event, users.getFirst(), head, message)
          .thenCompose(part -> reached(event, List.of(part), awaited));
    }
    List<CompletableFuture<Part>> parts =
        users.stream().map(user -> toUser(event, user, head, message)).toList();
    return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
        .thenCompose(
            all -> reached(event, parts.stream().map(CompletableFuture::join).toList(), awaited));
  }

  private CompletableFuture<Part> toUser(Event event, String user, byte[] head, byte[] message) {
    if (event.terms().holdSeconds() > 0) {
      return heldEvents
          .holdAndPublish(user, event, message, head)
          .handle(
              (stored, failure) ->
                  stored == null
                      ? new Part(user, 0, false, true)
                      : new Part(user, stored.nodes(), stored.kept(), false));
    }
    return publish(new Topic.User(user), new Topic.Suspended(user), message)
        .handle(
            (nodes, failure) ->
                nodes == null
                    ? new Part(user, 0, false, true)
                    : new Part(user, nodes, false, false));
  }

  private CompletionStage<Published> reached(
      Event event, List<Part> parts, Reports.@Nullable Awaited awaited) {
    List<Reach> here = new ArrayList<>();
    for (Part part : parts) {
      if (part.failed()) {
        here.addAll(hearing.dispatchHere(forOne(event, part.user())));
      }
    }
    if (here.stream().anyMatch(reach -> reach.sessions() == 0)) {
      close(awaited);
      return CompletableFuture.completedStage(new Published.Unavailable(RETRY_AFTER_SECONDS));
    }
    if (awaited == null) {
      return CompletableFuture.completedStage(
          new Published.Done(parts.stream().map(part -> uncounted(part, here)).toList()));
    }
    int nodes = parts.stream().mapToInt(Part::nodes).sum();
    return awaited
        .of(nodes, patience(event))
        .thenApply(
            told -> {
              Tally tally = new Tally(told);
              here.forEach(tally::add);
              return new Published.Done(
                  parts.stream()
                      .map(part -> new Reach(part.user(), tally.of(part.user()), part.held()))
                      .toList());
            });
  }

  private Reach uncounted(Part part, List<Reach> here) {
    if (part.failed()) {
      int sessions =
          here.stream()
              .filter(reach -> reach.user().equals(part.user()))
              .mapToInt(Reach::sessions)
              .sum();
      return new Reach(part.user(), sessions, false);
    }
    int open =
        part.nodes() == 0
            ? 0
            : (int) Stream.of(registry.ofUser(part.user())).filter(Session::isOpen).count();
    return new Reach(part.user(), part.nodes() + Math.max(0, open - 1), part.held());
  }

  // --- channels and everyone

  private static List<Topic> topics(List<String> channels) {
    Set<Topic> topics = new LinkedHashSet<>();
    for (String channel : channels) {
      topics.add(
          ChannelName.owner(channel)
              .<Topic>map(Topic.User::new)
              .orElseGet(() -> new Topic.Channel(channel)));
    }
    return List.copyOf(topics);
  }

  private CompletionStage<Published> toTopics(Event event, List<Topic> topics) {
    Reports.Awaited awaited = reports.open();
    byte[] head = Envelope.head(node, awaited.number(), topics.size() > 1);
    byte[] bytes = EventBytes.whole(event);
    byte[] message = new ByteWriter(head.length + bytes.length).raw(head).raw(bytes).toBytes();
    List<CompletableFuture<Integer>> published =
        topics.stream()
            .map(
                topic ->
                    publish(
                        topic,
                        topic instanceof Topic.User(String user) ? new Topic.Suspended(user) : null,
                        message))
            .toList();
    return CompletableFuture.allOf(published.toArray(CompletableFuture[]::new))
        .handle((all, failure) -> failure == null)
        .thenCompose(
            done -> {
              if (!done) {
                close(awaited);
                return CompletableFuture.completedStage(here(event));
              }
              int nodes = published.stream().mapToInt(CompletableFuture::join).sum();
              return awaited
                  .of(nodes, patience(event))
                  .thenApply(told -> new Published.Done(new Tally(told).reached()));
            });
  }

  private Published here(Event event) {
    List<Reach> reached = hearing.dispatchHere(event);
    return reached.stream().allMatch(reach -> reach.sessions() == 0)
        ? new Published.Unavailable(RETRY_AFTER_SECONDS)
        : new Published.Done(reached);
  }

  // --- both

  /**
   * Completes with how many nodes heard it; those that only log it do not count. Nor does who
   * listens by a pattern, for whom PUBLISH itself counts: Laravel's broadcasts are heard so.
   */
  private CompletableFuture<Integer> publish(Topic topic, @Nullable Topic also, byte[] message) {
    byte[] channel = names.bytes(topic);
    RedisCommand heard = lane.pubSub().publish(channel, message);
    RedisCommand nodes = lane.pubSub().listeners(channel);
    if (also == null) {
      lane.sendTogether(heard, nodes);
    } else {
      // Together: a session that moves from the one to the other must not fall between.
      byte[] logged = names.bytes(also);
      lane.sendTogether(heard, nodes, lane.pubSub().publish(logged, message));
    }
    return heard
        .reply()
        .thenCombine(
            nodes.reply(), (any, direct) -> ((Long) ((List<?>) direct).getLast()).intValue());
  }

  private Duration patience(Event event) {
    Duration confirm = Duration.ofMillis(event.terms().confirmMillis());
    if (confirm.isZero()) {
      return patience.reports();
    }
    return confirm.compareTo(patience.reportsAtMost()) < 0 ? confirm : patience.reportsAtMost();
  }

  private static void close(Reports.@Nullable Awaited awaited) {
    if (awaited != null) {
      awaited.close();
    }
  }

  private static Event forOne(Event event, String user) {
    return new Event(
        event.id(),
        event.name(),
        event.data(),
        new Target.User(user),
        event.terms(),
        event.acceptedAt());
  }
}
