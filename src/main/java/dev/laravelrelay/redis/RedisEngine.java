package dev.laravelrelay.redis;

import dev.laravelrelay.call.CallDirectory;
import dev.laravelrelay.config.DeliveryConfig;
import dev.laravelrelay.config.RedisConfig;
import dev.laravelrelay.delivery.Backplane;
import dev.laravelrelay.delivery.Dispatcher;
import dev.laravelrelay.delivery.EmittedIds;
import dev.laravelrelay.delivery.Handover;
import dev.laravelrelay.delivery.HeldEvents;
import dev.laravelrelay.delivery.Interest;
import dev.laravelrelay.delivery.Logouts;
import dev.laravelrelay.delivery.Presence;
import dev.laravelrelay.delivery.Receipts;
import dev.laravelrelay.delivery.Rosters;
import dev.laravelrelay.delivery.WebhookQueue;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.session.ChannelMembers;
import dev.laravelrelay.session.SessionRegistry;
import dev.laravelrelay.session.SuspendedSessions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Collection;
import java.util.HexFormat;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Redis as what makes several nodes one relay: a lane for what emitters wait for, a lane for what
 * Laravel is to hear, a lane for the rest, a connection that listens. Owns them; hands out the
 * ports that rest on them.
 */
public final class RedisEngine implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(RedisEngine.class);

  private static final long CLOSE_MILLIS = 300;
  private static final long LEAVE_MILLIS = 2_000;
  private static final long SWEEP_MILLIS = 1_000;
  private static final int NODE_ID_BYTES = 8;

  private final String node;
  private final RedisNames names;
  private final RelayMetrics metrics;
  private final RedisLane emits;
  private final RedisLane rest;
  private final RedisLane hooks;
  private final RedisHeldEvents heldEvents;
  private final RedisTopics topics;
  private final RedisPresence presence;
  private final RedisInterest interest;
  private final RedisEchoes echoes;
  private final RedisHandover handover;
  private final RedisRosters rosters;
  private final Reports reports;
  private final RedisLogouts logouts;
  private final SessionRegistry registry;
  private final ScheduledExecutorService clockwork =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("redis-clockwork").factory());

  private volatile @Nullable Hearing hearing;
  private volatile @Nullable Recovery recovery;
  private volatile @Nullable RedisWebhookQueue webhookQueue;
  private volatile @Nullable RedisPresenceNotices notices;
  private volatile @Nullable RedisExpiry expiry;
  private volatile @Nullable RedisEmittedIds emittedIds;
  private final LongSupplier clock;
  private final EmitPatience patience;

  /**
   * Not connected yet.
   *
   * @param config with a URL
   * @param clock epoch milliseconds
   * @throws IllegalArgumentException if there is no URL, or it is not one
   */
  public RedisEngine(
      RedisConfig config,
      DeliveryConfig limits,
      SessionRegistry registry,
      SuspendedSessions suspended,
      ChannelMembers channels,
      RelayMetrics metrics,
      LongSupplier clock) {
    this(config, limits, registry, suspended, channels, metrics, clock, EmitPatience.USUAL);
  }

  /** As the other, with another patience. */
  RedisEngine(
      RedisConfig config,
      DeliveryConfig limits,
      SessionRegistry registry,
      SuspendedSessions suspended,
      ChannelMembers channels,
      RelayMetrics metrics,
      LongSupplier clock,
      EmitPatience patience) {
    byte[] id = new byte[NODE_ID_BYTES];
    new SecureRandom().nextBytes(id);
    this.node = HexFormat.of().formatHex(id);
    this.names = new RedisNames(config.prefix());
    this.registry = registry;
    this.clock = clock;
    this.metrics = metrics;
    this.patience = patience;
    RedisClients clients = RedisClients.of(config);
    this.emits = new RedisLane("emits", clients, patience.redis(), metrics, clock);
    this.rest = new RedisLane("rest", clients, RedisClients.COMMAND_TIMEOUT, metrics, clock);
    this.hooks = new RedisLane("webhooks", clients, RedisClients.COMMAND_TIMEOUT, metrics, clock);
    this.heldEvents = new RedisHeldEvents(emits, rest, names, node, limits, metrics);
    this.topics = new RedisTopics(names, clients, new Ears(), metrics, clock);
    this.presence = new RedisPresence(rest, names, node, registry);
    this.echoes = new RedisEchoes(node, names, rest);
    this.handover = new RedisHandover(node, names, rest, echoes);
    this.rosters = new RedisRosters(node, names, rest);
    this.reports = new Reports(metrics);
    this.logouts = new RedisLogouts(node, names, rest, reports);
    this.interest = new RedisInterest(topics, registry, suspended, channels, this::changed);
  }

  /** What is held for users. */
  public HeldEvents heldEvents() {
    return heldEvents;
  }

  /** To be told who comes and goes. */
  public Interest interest() {
    return interest;
  }

  /** Who is online on any node. */
  public Presence presence() {
    return presence;
  }

  /** The way of resumed sessions from one node to another. */
  public Handover handover() {
    return handover;
  }

  /** Who is in presence channels on other nodes. */
  public Rosters rosters() {
    return rosters;
  }

  /** Logs users out of all nodes. */
  public Logouts logouts() {
    return logouts;
  }

  /** The calls that any node knows. */
  public CallDirectory calls() {
    return new RedisCallDirectory(emits, names, node);
  }

  /** What Laravel is to hear from any node; to be called at most once, before {@link #start}. */
  public WebhookQueue webhookQueue(int limit) {
    RedisWebhookQueue queue = new RedisWebhookQueue(hooks, names, node, limit, metrics);
    webhookQueue = queue;
    return queue;
  }

  /**
   * Tells Laravel who is online on any node, by way of the {@link #webhookQueue}, which must have
   * been made; to be called at most once, before {@link #start}.
   */
  public void tellPresence(Duration grace) {
    RedisWebhookQueue queue = Objects.requireNonNull(webhookQueue);
    notices = new RedisPresenceNotices(queue, names, node, grace, registry, clock);
  }

  /** Tells of held events whose time ended; to be called at most once, before {@link #start}. */
  public void tellExpired(BiConsumer<String, Event> expired) {
    RedisExpiry watching = new RedisExpiry(emits, rest, names, heldEvents, expired);
    heldEvents.watchExpiry(watching);
    expiry = watching;
  }

  /** This node takes no clients any more; whoever was here is away. Before {@link #close}. */
  public void leave() {
    RedisPresenceNotices told = notices;
    if (told != null) {
      told.leave()
          .orTimeout(LEAVE_MILLIS, TimeUnit.MILLISECONDS)
          .handle((left, failure) -> "")
          .join();
    }
  }

  private void changed(String user) {
    presence.changed(user);
    RedisPresenceNotices told = notices;
    if (told != null) {
      told.changed(user);
    }
  }

  /** The ids that came to any node, behind those that came to this one. */
  public EmittedIds emittedIds(EmittedIds here) {
    RedisEmittedIds ids = new RedisEmittedIds(emits, names, node, here);
    emittedIds = ids;
    return ids;
  }

  /** The way to all nodes; to be called once, before {@link #start}. */
  public Backplane backplane(Dispatcher dispatcher, Receipts receipts) {
    Recovery recovering = new Recovery(heldEvents, registry, dispatcher, metrics);
    Hearing hears =
        new Hearing(
            node,
            names,
            emits,
            dispatcher,
            receipts,
            reports,
            recovering,
            handover,
            echoes,
            rosters,
            logouts,
            metrics);
    recovery = recovering;
    hearing = hears;
    return new RedisBackplane(
        node, names, emits, heldEvents, reports, hears, dispatcher, registry, patience);
  }

  /**
   * Begins to connect, and waits for it for at most so long. If Redis is not there by then, it is
   * tried on.
   */
  public void start(Duration atMost) {
    topics.want(new Topic.Node(node));
    topics.want(new Topic.Everyone());
    emits.start();
    rest.start();
    topics.start();
    RedisWebhookQueue queue = webhookQueue;
    if (queue != null) {
      hooks.start();
      clockwork.scheduleWithFixedDelay(
          queue::tick,
          RedisWebhookQueue.TICK_MILLIS,
          RedisWebhookQueue.TICK_MILLIS,
          TimeUnit.MILLISECONDS);
    }
    clockwork.scheduleWithFixedDelay(
        this::watch, RedisLane.WATCH_MILLIS, RedisLane.WATCH_MILLIS, TimeUnit.MILLISECONDS);
    clockwork.scheduleWithFixedDelay(
        this::sweep, SWEEP_MILLIS, SWEEP_MILLIS, TimeUnit.MILLISECONDS);
    clockwork.scheduleWithFixedDelay(
        presence::renew, 0, RedisPresence.RENEWAL_MILLIS, TimeUnit.MILLISECONDS);
    RedisPresenceNotices told = notices;
    if (told != null) {
      clockwork.scheduleWithFixedDelay(
          told::sweep, 0, RedisPresenceNotices.SWEEP_MILLIS, TimeUnit.MILLISECONDS);
    }
    long until = System.nanoTime() + atMost.toNanos();
    while (problem() != null && System.nanoTime() < until) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
    presence.renew();
  }

  /** Null while everything is connected, else one sentence. */
  public @Nullable String problem() {
    String ofHooks = webhookQueue == null ? null : hooks.problem();
    return Stream.of(emits.problem(), topics.problem(), rest.problem(), ofHooks)
        .filter(problem -> problem != null)
        .findFirst()
        .orElse(null);
  }

  /** The name under which other nodes know this one. */
  public String node() {
    return node;
  }

  @Override
  public void close() {
    clockwork.shutdownNow();
    presence.leave().orTimeout(CLOSE_MILLIS, TimeUnit.MILLISECONDS).exceptionally(e -> "").join();
    topics.close();
    emits.close();
    rest.close();
    hooks.close();
  }

  private void watch() {
    emits.watch();
    rest.watch();
    hooks.watch();
  }

  private void sweep() {
    try {
      interest.sweep();
      RedisExpiry watching = expiry;
      if (watching != null) {
        watching.sweep();
      }
      RedisEmittedIds ids = emittedIds;
      if (ids != null) {
        ids.retry();
      }
      Recovery recovering = recovery;
      if (recovering != null) {
        recovering.retry();
      }
    } catch (RuntimeException e) {
      log.error("housekeeping failed", e);
    }
  }

  /** Hears from the start, deals with it once there is a backplane. */
  private final class Ears implements RedisTopics.Listener {

    @Override
    public void message(Topic topic, byte[] message) {
      Hearing hears = hearing;
      if (hears != null) {
        hears.message(topic, message);
      }
    }

    @Override
    public void restored(Collection<Topic> topics) {
      Hearing hears = hearing;
      if (hears != null) {
        hears.restored(topics);
      }
    }
  }
}
