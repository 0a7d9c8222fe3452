package dev.laravelrelay.redis;

import dev.laravelrelay.metrics.RelayMetrics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisNoScriptException;

/**
 * Commands to one Redis over one connection, in the order in which they were given: one alone goes
 * out at once, those that gather meanwhile go together. Whatever happens, each is answered within
 * the patience, or fails with {@link RedisAway}; while Redis is away it fails at once. The queue is
 * bounded in number, bytes and age; what is too much fails at once.
 *
 * <p>Commands may be given by any thread. Replies are completed by the pipeline's own thread: what
 * hangs on them must not block.
 */
final class RedisPipeline implements AutoCloseable {

  /** How many commands may wait. */
  static final int MAX_QUEUED = 20_000;

  /** How many bytes of commands may wait. */
  static final long MAX_QUEUED_BYTES = 64L << 20;

  private static final int MAX_BATCH = 512;
  private static final int MAX_BATCH_BYTES = 1 << 20;
  private static final long KEEPALIVE_MILLIS = 1_000;

  /** Where commands go that this Redis does not take because they belong elsewhere. */
  interface Redirection {

    /** Whether the command goes elsewhere: then it is answered from there. */
    boolean redirect(RedisCommand command, JedisDataException refusal);
  }

  private final String name;
  private final long patienceNanos;
  private final RelayMetrics metrics;
  private final Redirection redirection;
  private final RedisClients clients;
  private final KeptConnection connection;
  private final LinkedBlockingQueue<RedisCommand> queue = new LinkedBlockingQueue<>(MAX_QUEUED);
  private final AtomicLong queuedBytes = new AtomicLong();

  /** Since when Redis owes an answer, or 0. Written by the lane's thread. */
  private volatile long busySince;

  /** What {@link #watch} saw last, and how often; only used by its thread. */
  private long watched;

  private long watchedFor;

  /** Scripts that Redis did not know, to be sent whole before anything else. */
  private List<RedisCommand> again = List.of();

  /** The batch that is under way; only used by the lane's thread, as how many are answered. */
  private List<RedisCommand> batch = new ArrayList<>();

  private int answered;

  /** Whether Redis said that it is a replica; only used by the lane's thread. */
  private boolean demoted;

  /**
   * Not started yet.
   *
   * @param name the lane's, in metrics and as the connection's
   * @param clock epoch milliseconds
   */
  RedisPipeline(
      String name,
      RedisClients clients,
      Duration patience,
      RelayMetrics metrics,
      Redirection redirection,
      LongSupplier clock) {
    this.name = name;
    this.patienceNanos = patience.toNanos();
    this.metrics = metrics;
    this.redirection = redirection;
    this.clients = clients;
    this.connection =
        new KeptConnection(
            "redis-" + name,
            "connection to Redis (%s)".formatted(name),
            clients,
            clients.commands("redis-" + name, patience),
            new Pipelining(),
            clock);
  }

  void start() {
    connection.start();
  }

  boolean isUp() {
    return connection.isUp();
  }

  /** Null while Redis answers, else a sentence. */
  @Nullable String problem() {
    return connection.problem();
  }

  int queued() {
    return queue.size();
  }

  long queuedBytes() {
    return queuedBytes.get();
  }

  /**
   * Cuts the connection if Redis owes an answer for too long; to be called every {@link
   * RedisLane#WATCH_MILLIS} by one thread. Counts its calls, so that a pause of this process is not
   * held against Redis.
   */
  void watch() {
    long since = busySince;
    if (since == 0 || since != watched) {
      watched = since;
      watchedFor = 0;
    } else if (++watchedFor * TimeUnit.MILLISECONDS.toNanos(RedisLane.WATCH_MILLIS)
        > patienceNanos) {
      connection.cut();
    }
  }

  @Override
  public void close() {
    connection.close();
  }

  /** Sends the command and those that go with it. */
  void send(RedisCommand command) {
    int size = command.sizeOfAll();
    if (!connection.isUp()) {
      fail(command, "away");
    } else if (queuedBytes.addAndGet(size) > MAX_QUEUED_BYTES || !queue.offer(command)) {
      queuedBytes.addAndGet(-size);
      fail(command, "full");
    } else if (!connection.isUp()) {
      failQueued();
    }
  }

  private void fail(RedisCommand command, String why) {
    fail(command, name, why, metrics);
  }

  /** The command and those that go with it. */
  static void fail(RedisCommand command, String lane, String why, RelayMetrics metrics) {
    for (RedisCommand each = command; each != null; each = each.next) {
      metrics.redisCommandFailed(lane, why);
      each.reply.completeExceptionally(new RedisAway(why));
    }
  }

  private void failOne(RedisCommand command, String why) {
    metrics.redisCommandFailed(name, why);
    command.reply.completeExceptionally(new RedisAway(why));
  }

  private void failQueued() {
    RedisCommand queued;
    while ((queued = queue.poll()) != null) {
      queuedBytes.addAndGet(-queued.sizeOfAll());
      fail(queued, "away");
    }
  }

  /** What the lane's thread does. */
  private final class Pipelining implements KeptConnection.Use {

    @Override
    public void use(RedisWire wire) throws InterruptedException {
      wire.ping(); // a Redis that still loads its data refuses
      connection.up();
      while (true) {
        gather();
        answered = 0;
        busySince = System.nanoTime();
        for (RedisCommand command : batch) {
          wire.sendCommand(command.name, command.arguments);
        }
        wire.send();
        List<RedisCommand> unknown = new ArrayList<>(0);
        while (answered < batch.size()) {
          RedisCommand command = batch.get(answered);
          settle(command, reply(wire), unknown);
          busySince = System.nanoTime();
          answered++;
        }
        batch.clear();
        again = unknown;
        busySince = 0;
        if (demoted) {
          clients.demoted();
          throw new JedisConnectionException("it has become a replica, which takes no writes");
        }
      }
    }

    /** Fills the batch with what waits, or with a PING if nothing does for a while. */
    private void gather() throws InterruptedException {
      batch.addAll(again);
      again = List.of();
      RedisCommand next =
          batch.isEmpty() ? queue.poll(KEEPALIVE_MILLIS, TimeUnit.MILLISECONDS) : null;
      if (next == null && batch.isEmpty()) {
        batch.add(RedisCommand.of(Protocol.Command.PING));
        return;
      }
      int bytes = 0;
      long now = System.nanoTime();
      for (; next != null; next = mayGrow(bytes) ? queue.poll() : null) {
        queuedBytes.addAndGet(-next.sizeOfAll());
        if (now - next.since > patienceNanos) {
          fail(next, "late");
        } else {
          for (RedisCommand each = next; each != null; each = each.next) {
            batch.add(each);
            bytes += each.size;
          }
        }
      }
    }

    private boolean mayGrow(int bytes) {
      return batch.size() < MAX_BATCH && bytes < MAX_BATCH_BYTES;
    }

    private @Nullable Object reply(RedisWire wire) {
      try {
        return wire.getUnflushedObject();
      } catch (JedisDataException e) {
        return e;
      }
    }

    private void settle(RedisCommand command, @Nullable Object reply, List<RedisCommand> unknown) {
      if (reply instanceof JedisNoScriptException && command.script != null) {
        unknown.add(command.whole(command.script));
      } else if (reply instanceof JedisDataException error) {
        if (redirection.redirect(command, error)) {
          return;
        }
        demoted |= isOfReplica(error);
        metrics.redisCommandFailed(name, "refused");
        command.reply.completeExceptionally(error);
      } else {
        command.reply.complete(reply);
      }
    }

    /** Before Redis 7 a script's refusal has the code inside. */
    private static boolean isOfReplica(JedisDataException error) {
      String message = String.valueOf(error.getMessage());
      return message.startsWith("READONLY ") || message.contains("-READONLY ");
    }

    @Override
    public void failed() {
      demoted = false;
      busySince = 0;
      batch
          .subList(Math.min(answered, batch.size()), batch.size())
          .forEach(command -> failOne(command, "lost"));
      batch.clear();
      again.forEach(command -> failOne(command, "lost"));
      again = List.of();
      answered = 0;
      failQueued();
    }

    @Override
    public void lost() {
      metrics.redisConnectionLost(name);
    }

    @Override
    public void restored() {}
  }
}
