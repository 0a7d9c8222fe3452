package dev.laravelrelay.redis;

import dev.laravelrelay.metrics.RelayMetrics;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.commands.ProtocolCommand;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisMovedDataException;

/**
 * The topics that this node listens to at one Redis, over one connection. What is wanted is
 * subscribed in batches, and all of it again after the connection was lost. A Redis that is silent
 * for {@link RedisSubscription#SILENCE} counts as gone.
 *
 * <p>Topics may be wanted by any thread. One thread reads and calls the listener, message after
 * message; a second one writes, so that a Redis that reads nothing blocks nobody else.
 */
final class TopicConnection implements AutoCloseable {

  /** What is heard. Called on the thread that reads; a slow listener delays the rest. */
  interface Listener {

    /** A message. Nothing may be thrown. */
    void message(Topic topic, byte[] message);

    /** These are subscribed again: what was published meanwhile was not heard. */
    void restored(Collection<Topic> topics);

    /** The Redis has this one no more, and it is wanted no more here. */
    void elsewhere(Topic topic);
  }

  private static final Logger log = LoggerFactory.getLogger(TopicConnection.class);
  private static final String NAME = "redis-topics";
  private static final String SUBSCRIPTION = "topics";
  private static final int MAX_BATCH = 500;
  private static final long KEEPALIVE_MILLIS = 1_000;

  /**
   * A change that is to be sent, or was and is not confirmed.
   *
   * @param again whether the connection is whole only after it
   */
  private record Change(
      String channel, boolean subscribe, CompletableFuture<Void> done, boolean again) {}

  /** A topic, and when it is listened to. */
  record Wanted(Topic topic, CompletableFuture<Void> heard) {}

  private final RedisNames names;
  private final PubSub pubSub;
  private final Listener listener;
  private final RelayMetrics metrics;
  private final KeptConnection connection;
  private final Thread writer;

  /** By channel. Guarded by this, as everything that follows. */
  private final Map<String, Wanted> wanted = new HashMap<>();

  /** What is to be sent, the last change of each channel only. */
  private final LinkedHashMap<String, Change> unsent = new LinkedHashMap<>();

  /** What Redis has yet to confirm; it does so in order. */
  private final ArrayDeque<Change> unconfirmed = new ArrayDeque<>();

  private @Nullable RedisWire wire;

  /** How many confirmations are missing until all is subscribed again; 0 when it is. */
  private int missing;

  TopicConnection(
      RedisNames names,
      RedisClients clients,
      PubSub pubSub,
      Listener listener,
      RelayMetrics metrics,
      LongSupplier clock) {
    this.names = names;
    this.pubSub = pubSub;
    this.listener = listener;
    this.metrics = metrics;
    this.connection =
        new KeptConnection(
            NAME,
            "subscription to the other nodes",
            clients,
            clients.commands(NAME, RedisSubscription.SILENCE),
            new Reading(),
            clock);
    this.writer = Thread.ofPlatform().name(NAME + "-writer").daemon().unstarted(this::write);
  }

  void start() {
    connection.start();
    writer.start();
  }

  boolean isUp() {
    return connection.isUp();
  }

  /** Null while all that is wanted is subscribed or about to be, else a sentence. */
  @Nullable String problem() {
    return connection.problem();
  }

  /** Listens to the topic; completes when it does. */
  synchronized CompletableFuture<Void> want(Topic topic) {
    String channel = names.channel(topic);
    Wanted known = wanted.get(channel);
    if (known != null) {
      return known.heard();
    }
    CompletableFuture<Void> heard = new CompletableFuture<>();
    wanted.put(channel, new Wanted(topic, heard));
    change(channel, true, heard);
    return heard;
  }

  synchronized boolean isWanted(Topic topic) {
    return wanted.containsKey(names.channel(topic));
  }

  /** Listens to the topic no more. */
  synchronized void unwant(Topic topic) {
    String channel = names.channel(topic);
    if (wanted.remove(channel) != null) {
      change(channel, false, new CompletableFuture<>());
    }
  }

  /** Under the lock. */
  private void change(String channel, boolean subscribe, CompletableFuture<Void> done) {
    Change older = unsent.get(channel);
    boolean again = older != null && older.again();
    unsent.put(channel, new Change(channel, subscribe, done, again));
    notifyAll();
  }

  /**
   * Wants no more what may not stay, without telling Redis, which has it no more; what that was.
   * Whoever waits for it is to be told.
   */
  synchronized List<Wanted> giveAway(Predicate<String> mayStay) {
    List<Wanted> given = new ArrayList<>();
    wanted.entrySet().removeIf(one -> !mayStay.test(one.getKey()) && given.add(one.getValue()));
    return given;
  }

  /** Ends it because others took its place. */
  void retire() {
    if (!connection.isUp()) {
      metrics.redisSubscriptionRestored(SUBSCRIPTION);
    }
    close();
  }

  synchronized int size() {
    return wanted.size();
  }

  private synchronized List<Topic> topics() {
    return wanted.values().stream().map(Wanted::topic).toList();
  }

  synchronized int behind() {
    return unsent.size();
  }

  @Override
  public void close() {
    writer.interrupt();
    connection.close();
  }

  // --- the thread that writes

  private void write() {
    while (!Thread.currentThread().isInterrupted()) {
      try {
        writeNext();
      } catch (InterruptedException e) {
        return;
      } catch (JedisException e) {
        log.debug("{}: writing failed", NAME, e);
        connection.cut();
        synchronized (this) {
          wire = null;
        }
      }
    }
  }

  private void writeNext() throws InterruptedException {
    RedisWire to;
    List<Change> changes;
    synchronized (this) {
      long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(KEEPALIVE_MILLIS);
      long left = KEEPALIVE_MILLIS;
      while ((wire == null || unsent.isEmpty()) && left > 0) {
        wait(left);
        left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
      }
      to = wire;
      changes = to == null ? List.of() : take();
    }
    if (to != null) {
      send(to, changes);
    }
  }

  private void send(RedisWire to, List<Change> changes) {
    if (changes.isEmpty()) {
      to.sendCommand(Protocol.Command.PING);
    } else {
      ProtocolCommand command =
          changes.getFirst().subscribe() ? pubSub.subscribe() : pubSub.unsubscribe();
      byte[][] channels =
          changes.stream().map(change -> RedisNames.utf8(change.channel())).toArray(byte[][]::new);
      if (pubSub == PubSub.PLAIN) {
        to.sendCommand(command, channels);
      } else {
        for (byte[] channel : channels) { // one command takes only those of one slot
          to.sendCommand(command, channel);
        }
      }
    }
    to.send();
  }

  /** The next changes of one kind; they are unconfirmed from here on. Under the lock. */
  private List<Change> take() {
    List<Change> changes = new ArrayList<>();
    Iterator<Change> all = unsent.values().iterator();
    while (all.hasNext() && changes.size() < MAX_BATCH) {
      Change next = all.next();
      if (!changes.isEmpty() && changes.getFirst().subscribe() != next.subscribe()) {
        break;
      }
      changes.add(next);
      all.remove();
    }
    unconfirmed.addAll(changes);
    return changes;
  }

  // --- the thread that reads

  private final class Reading implements KeptConnection.Use {

    private boolean lost;

    @Override
    public void use(RedisWire made) {
      begin(made);
      while (true) {
        Object reply;
        try {
          reply = made.getUnflushedObject();
        } catch (JedisMovedDataException e) {
          refused();
          continue;
        }
        if (reply instanceof List<?> parts) {
          heard(parts);
        }
      }
    }

    private void heard(List<?> parts) {
      String channel = text(parts.get(1));
      switch (text(parts.get(0))) {
        case "message", "smessage" -> heard(channel, (byte[]) parts.get(2));
        case "subscribe", "ssubscribe" -> confirmed(channel, true);
        case "unsubscribe", "sunsubscribe" -> confirmed(channel, false);
        default -> {} // the answer to a PING
      }
    }

    private void begin(RedisWire made) {
      synchronized (TopicConnection.this) {
        wire = made;
        unconfirmed.clear();
        unsent.clear();
        wanted.forEach(
            (channel, one) -> unsent.put(channel, new Change(channel, true, one.heard(), true)));
        missing = unsent.size();
        TopicConnection.this.notifyAll();
        if (missing > 0) {
          return;
        }
      }
      up();
    }

    /**
     * Redis confirms in order; that a topic ended which nobody gave up says that it is elsewhere.
     */
    private void confirmed(String channel, boolean subscribed) {
      Change change;
      boolean whole = false;
      Wanted gone = null;
      synchronized (TopicConnection.this) {
        change = unconfirmed.peek();
        if (change != null
            && change.subscribe() == subscribed
            && change.channel().equals(channel)) {
          unconfirmed.remove();
          whole = change.again() && --missing == 0;
        } else if (subscribed) {
          throw new JedisConnectionException("subscribed to what was not wanted");
        } else {
          change = null;
          gone = wanted.remove(channel);
        }
      }
      if (change != null) {
        change.done().complete(null);
      }
      if (gone != null) {
        left(gone);
      }
      if (whole) {
        up();
      }
    }

    /** What was sent next is on another node of the Cluster. */
    private void refused() {
      Change change;
      Wanted gone;
      boolean whole;
      synchronized (TopicConnection.this) {
        change = unconfirmed.remove();
        whole = change.again() && --missing == 0;
        gone = change.subscribe() ? wanted.remove(change.channel()) : null;
      }
      change.done().complete(null);
      if (gone != null) {
        left(gone);
      }
      if (whole) {
        up();
      }
    }

    private void left(Wanted gone) {
      gone.heard().complete(null);
      listener.elsewhere(gone.topic());
    }

    private void up() {
      boolean again = lost;
      lost = false;
      connection.up();
      if (again) {
        listener.restored(topics());
      }
    }

    private void heard(String channel, byte[] message) {
      Wanted one;
      synchronized (TopicConnection.this) {
        one = wanted.get(channel);
      }
      if (one != null) {
        listener.message(one.topic(), message);
      }
    }

    @Override
    public void failed() {
      lost = true;
      List<CompletableFuture<Void>> waiting = new ArrayList<>();
      synchronized (TopicConnection.this) {
        wire = null;
        wanted.replaceAll(
            (channel, one) -> {
              waiting.add(one.heard());
              return new Wanted(one.topic(), new CompletableFuture<>());
            });
      }
      // Whoever waits goes on without.
      waiting.forEach(heard -> heard.complete(null));
    }

    @Override
    public void lost() {
      metrics.redisSubscriptionLost(SUBSCRIPTION);
    }

    @Override
    public void restored() {
      metrics.redisSubscriptionRestored(SUBSCRIPTION);
    }

    private static String text(Object bytes) {
      return new String((byte[]) bytes, StandardCharsets.UTF_8);
    }
  }
}
