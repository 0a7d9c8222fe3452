package dev.laravelrelay.redis;

import dev.laravelrelay.metrics.RelayMetrics;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.commands.ProtocolCommand;
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
  private static final long KEEPALIVE_MILLIS = 1_000;

  private final TopicChanges changes;
  private final PubSub pubSub;
  private final Listener listener;
  private final RelayMetrics metrics;
  private final KeptConnection connection;
  private final Thread writer;

  TopicConnection(
      RedisNames names,
      RedisClients clients,
      PubSub pubSub,
      Listener listener,
      RelayMetrics metrics,
      LongSupplier clock) {
    this.changes = new TopicChanges(names);
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

  /** What is to be listened to. */
  TopicChanges changes() {
    return changes;
  }

  /** Ends it because others took its place. */
  void retire() {
    if (!connection.isUp()) {
      metrics.redisSubscriptionRestored(SUBSCRIPTION);
    }
    close();
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
        changes.cut();
      }
    }
  }

  private void writeNext() throws InterruptedException {
    TopicChanges.Batch batch = changes.next(KEEPALIVE_MILLIS);
    if (batch != null) {
      send(batch.wire(), batch.changes());
    }
  }

  private void send(RedisWire to, List<TopicChanges.Change> batch) {
    if (batch.isEmpty()) {
      to.sendCommand(Protocol.Command.PING);
    } else {
      ProtocolCommand command =
          batch.getFirst().subscribe() ? pubSub.subscribe() : pubSub.unsubscribe();
      byte[][] channels =
          batch.stream().map(change -> RedisNames.utf8(change.channel())).toArray(byte[][]::new);
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

  // --- the thread that reads

  private final class Reading implements KeptConnection.Use {

    private boolean lost;

    @Override
    public void use(RedisWire made) {
      if (changes.begin(made)) {
        up();
      }
      while (true) {
        Object reply;
        try {
          reply = made.getUnflushedObject();
        } catch (JedisMovedDataException e) {
          settle(changes.refused());
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
        case "subscribe", "ssubscribe" -> settle(changes.confirmed(channel, true));
        case "unsubscribe", "sunsubscribe" -> settle(changes.confirmed(channel, false));
        default -> {} // the answer to a PING
      }
    }

    private void settle(TopicChanges.Outcome outcome) {
      if (outcome.done() != null) {
        outcome.done().complete(null);
      }
      if (outcome.gone() != null) {
        outcome.gone().heard().complete(null);
        listener.elsewhere(outcome.gone().topic());
      }
      if (outcome.whole()) {
        up();
      }
    }

    private void up() {
      boolean again = lost;
      lost = false;
      connection.up();
      if (again) {
        listener.restored(changes.topics());
      }
    }

    private void heard(String channel, byte[] message) {
      Topic topic = changes.topicOf(channel);
      if (topic != null) {
        listener.message(topic, message);
      }
    }

    @Override
    public void failed() {
      lost = true;
      changes.failed().forEach(heard -> heard.complete(null));
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
