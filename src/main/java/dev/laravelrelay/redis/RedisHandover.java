package dev.laravelrelay.redis;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.laravelrelay.delivery.Handover;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Hands sessions over by messages on the channels of the user, where the nodes listen that have
 * him. A node hears {@link NodeMessage.Take} and {@link NodeMessage.Given} among the user's events,
 * in Redis's order, so none falls between and none is taken for another.
 *
 * <p>What is not answered in time counts as not found.
 */
final class RedisHandover implements Handover {

  private static final Duration FOUND_WITHIN = Duration.ofMillis(500);
  private static final Duration GIVEN_WITHIN = Duration.ofSeconds(2);

  private final String node;
  private final RedisNames names;
  private final RedisLane lane;
  private final RedisEchoes echoes;
  private final AtomicLong numbers = new AtomicLong();
  private final ConcurrentMap<Long, Searching> searches = new ConcurrentHashMap<>();
  private final ConcurrentMap<Long, CompletableFuture<Inheritance>> taken =
      new ConcurrentHashMap<>();

  /** What was asked for: this node may listen to both channels of the user for a moment. */
  private final Cache<String, Boolean> answered =
      Caffeine.newBuilder().maximumSize(10_000).expireAfterWrite(GIVEN_WITHIN).build();

  private volatile @Nullable Holder holder;

  RedisHandover(String node, RedisNames names, RedisLane lane, RedisEchoes echoes) {
    this.node = node;
    this.names = names;
    this.lane = lane;
    this.echoes = echoes;
  }

  @Override
  public void serve(Holder sessions) {
    holder = sessions;
  }

  @Override
  public CompletionStage<List<Place>> find(Claim claim) {
    long number = numbers.incrementAndGet();
    Searching searching = new Searching(claim.pid() == null);
    searches.put(number, searching);
    ask(claim.user(), new NodeMessage.Search(number, node, claim))
        .whenComplete(
            (counts, failure) -> searching.expect(counts == null ? 0 : asked((List<?>) counts)));
    return searching
        .done
        .completeOnTimeout(null, FOUND_WITHIN.toMillis(), TimeUnit.MILLISECONDS)
        .thenApply(
            done -> {
              searches.remove(number);
              return searching.places();
            });
  }

  private static int asked(List<?> counts) {
    return ((Long) counts.get(1)).intValue() + ((Long) counts.get(3)).intValue();
  }

  @Override
  public CompletionStage<Inheritance> take(Place place, Claim claim) {
    long number = numbers.incrementAndGet();
    CompletableFuture<Inheritance> result = new CompletableFuture<>();
    taken.put(number, result);
    ask(claim.user(), new NodeMessage.Take(number, node, place.node(), claim))
        .exceptionally(
            failure -> {
              result.completeExceptionally(failure);
              return "";
            });
    return result
        .orTimeout(GIVEN_WITHIN.toMillis(), TimeUnit.MILLISECONDS)
        .thenCompose(
            inherited ->
                echoes.all(place.offer().channels().keySet()).thenApply(heard -> inherited))
        .whenComplete((inherited, failure) -> taken.remove(number));
  }

  void asked(NodeMessage.Search search) {
    Holder sessions = holder;
    boolean own = search.from().equals(node);
    List<Offer> offers = own || sessions == null ? List.of() : sessions.find(search.claim());
    NodeMessage.Found found = new NodeMessage.Found(search.number(), node, offers);
    if (own) {
      told(found);
    } else {
      tell(search.from(), found);
    }
  }

  void told(NodeMessage.Found found) {
    Searching searching = searches.get(found.number());
    if (searching != null) {
      searching.add(found);
    }
  }

  void asked(NodeMessage.Take take) {
    boolean mine = take.to().equals(node);
    if (!mine || answered.asMap().putIfAbsent(take.from() + take.number(), true) != null) {
      return;
    }
    Holder sessions = holder;
    CompletionStage<Optional<Inheritance>> released =
        sessions == null
            ? CompletableFuture.completedStage(Optional.empty())
            : heard(sessions, take).thenCompose(all -> sessions.release(take.claim()));
    released.thenAccept(
        inherited ->
            lane.publish(
                names.bytes(new Topic.User(take.claim().user())),
                new NodeMessage.Given(take.number(), take.from(), inherited.orElse(null))
                    .amongEvents()));
  }

  private CompletionStage<Void> heard(Holder sessions, NodeMessage.Take take) {
    return echoes.all(
        sessions.find(take.claim()).stream()
            .flatMap(offer -> offer.channels().keySet().stream())
            .toList());
  }

  void told(NodeMessage.Given given) {
    if (!given.to().equals(node)) {
      return;
    }
    CompletableFuture<Inheritance> waiting = taken.get(given.number());
    if (waiting != null && given.inherited() != null) {
      waiting.complete(given.inherited());
    } else if (waiting != null) {
      waiting.completeExceptionally(new IllegalStateException("the session is gone"));
    }
  }

  /** Completes with how many nodes listen, on the one channel and on the other. */
  private CompletableFuture<Object> ask(String user, NodeMessage question) {
    byte[] message = question.amongEvents();
    byte[] open = names.bytes(new Topic.User(user));
    byte[] suspended = names.bytes(new Topic.Suspended(user));
    RedisCommand nodes = lane.pubSub().listeners(open, suspended);
    lane.sendTogether(
        lane.pubSub().publish(open, message), lane.pubSub().publish(suspended, message), nodes);
    return nodes.reply();
  }

  private CompletableFuture<Object> tell(String other, NodeMessage message) {
    return lane.publish(names.bytes(new Topic.Node(other)), message.toBytes());
  }

  /** The answers to one search. */
  private static final class Searching {

    private final boolean everywhere;
    private final CompletableFuture<Void> done = new CompletableFuture<>();

    /** By node: one that listens to both channels answers twice. */
    private final Map<String, List<Offer>> offers = new HashMap<>();

    private int come;
    private int expected = Integer.MAX_VALUE;

    /**
     * @param everywhere whether all answers count, not only the first good one
     */
    private Searching(boolean everywhere) {
      this.everywhere = everywhere;
    }

    private synchronized void add(NodeMessage.Found found) {
      come++;
      offers.put(found.node(), found.offers());
      decide();
    }

    private synchronized void expect(int answers) {
      expected = answers;
      decide();
    }

    private void decide() {
      if (come >= expected || (!everywhere && !places().isEmpty())) {
        done.complete(null);
      }
    }

    private synchronized List<Place> places() {
      return offers.entrySet().stream()
          .flatMap(node -> node.getValue().stream().map(offer -> new Place(node.getKey(), offer)))
          .toList();
    }
  }
}
