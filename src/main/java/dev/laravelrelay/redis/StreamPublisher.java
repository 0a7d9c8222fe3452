package dev.laravelrelay.redis;

import dev.laravelrelay.delivery.Verdict;
import dev.laravelrelay.event.EmitRequest;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.event.Terms;
import dev.laravelrelay.metrics.RelayMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisNoScriptException;

/**
 * Publishes the plain emits of a stream: those that only ask to be sent to one user. One script
 * publishes them and is done with their entries, so that whatever dies, it was both or neither:
 * they come once, with nothing to be remembered. In a Cluster, where the entry and the channel are
 * in different places, no emit is plain. Safe from any thread.
 */
final class StreamPublisher {

  private static final RedisScript EMIT = RedisScript.of("stream-emit.lua");

  private static final String SENT = Verdict.SENT.lowerCase();
  private static final String OFFLINE = Verdict.OFFLINE.lowerCase();

  /** So many at a time keep Redis busy for a millisecond. */
  private static final int MAX_BATCH = 100;

  /**
   * A plain emit.
   *
   * @param arguments its entry's id, both channels of the user, the message
   */
  record Plain(String entryId, List<byte[]> arguments) {}

  private final byte[] stream;
  private final byte[] group;
  private final byte[] consumer;
  private final boolean inOnePlace;
  private final RedisNames names;
  private final byte[] head;
  private final RelayMetrics metrics;

  /**
   * Publishes the entries of that stream.
   *
   * @param consumer who reads it
   * @param inOnePlace whether one Redis has all keys and channels
   */
  StreamPublisher(
      String stream,
      String group,
      String consumer,
      boolean inOnePlace,
      RedisNames names,
      RelayMetrics metrics) {
    this.stream = RedisNames.utf8(stream);
    this.group = RedisNames.utf8(group);
    this.consumer = RedisNames.utf8(consumer);
    this.inOnePlace = inOnePlace;
    this.names = names;
    this.head = Envelope.head(consumer, 0, false);
    this.metrics = metrics;
  }

  /** Null if the emit asks for more. Its id must be that of its entry. */
  @Nullable Plain plain(StreamEntry entry, EmitRequest request) {
    Event event = request.event();
    if (!inOnePlace
        || !(event.target() instanceof Target.User(String user))
        || !event.terms().equals(Terms.NONE)
        || request.call() != null) {
      return null;
    }
    byte[] bytes = EventBytes.forTheUser(event);
    return new Plain(
        entry.id(),
        List.of(
            RedisNames.utf8(entry.id()),
            names.bytes(new Topic.User(user)),
            names.bytes(new Topic.Suspended(user)),
            new ByteWriter(head.length + bytes.length).raw(head).raw(bytes).toBytes()));
  }

  /** Publishes them in this order, and waits for it. */
  void publish(RedisWire wire, List<Plain> plains) {
    for (int from = 0; from < plains.size(); from += MAX_BATCH) {
      byte[][] arguments =
          EMIT.bySha1(
              List.of(stream),
              arguments(plains.subList(from, Math.min(from + MAX_BATCH, plains.size()))));
      wire.sendCommand(Protocol.Command.EVALSHA, arguments);
      Object heard;
      try {
        heard = wire.getOne();
      } catch (JedisNoScriptException unknown) {
        wire.sendCommand(Protocol.Command.EVAL, EMIT.whole(arguments));
        heard = wire.getOne();
      }
      count(heard);
    }
  }

  /** Publishes one. */
  CompletableFuture<Void> publish(RedisLane lane, Plain plain) {
    return lane.run(EMIT, List.of(stream), arguments(List.of(plain))).thenAccept(this::count);
  }

  private List<byte[]> arguments(List<Plain> plains) {
    List<byte[]> arguments = new ArrayList<>(2 + 4 * plains.size());
    arguments.add(group);
    arguments.add(consumer);
    plains.forEach(plain -> arguments.addAll(plain.arguments));
    return arguments;
  }

  private void count(@Nullable Object heard) {
    int sent = 0;
    int offline = 0;
    for (Object nodes : (List<?>) Objects.requireNonNull(heard)) {
      long number = (Long) nodes;
      sent += number > 0 ? 1 : 0;
      offline += number == 0 ? 1 : 0;
    }
    metrics.streamEmits(SENT, sent);
    metrics.streamEmits(OFFLINE, offline);
  }
}
