package dev.laravelrelay.redis;

import dev.laravelrelay.metrics.RelayMetrics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.commands.ProtocolCommand;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisNoScriptException;

/**
 * Commands to Redis over one connection, in the order in which they were given: one alone goes out
 * at once, those that gather meanwhile go together. Whatever happens, each is answered within the
 * lane's patience, or fails with {@link RedisAway}; while Redis is away it fails at once. The queue
 * is bounded in number, bytes and age; what is too much fails at once.
 *
 * <p>Commands may be given by any thread. Replies are completed by the lane's own thread: what
 * hangs on them must not block.
 */
final class RedisLane implements AutoCloseable {

  /** How many commands may wait. */
  static final int MAX_QUEUED = 20_000;

  /** How many bytes of commands may wait. */
  static final long MAX_QUEUED_BYTES = 64L << 20;

  /** How often {@link #watch} is to be called. */
  static final long WATCH_MILLIS = 10;

  private static final int MAX_BATCH = 512;
  private static final int MAX_BATCH_BYTES = 1 << 20;
  private static final long KEEPALIVE_MILLIS = 1_000;
  private static final byte[][] NO_ARGUMENTS = {};

  /** One that waits, or is under way, and those that go with it. */
  static final class Command {

    private final ProtocolCommand name;
    private final byte[][] arguments;
    private final @Nullable RedisScript script;
    private final CompletableFuture<Object> reply;
    private final int size;
    private final long queuedAt = System.nanoTime();
    private @Nullable Command next;

    private Command(
        ProtocolCommand name,
        byte[][] arguments,
        @Nullable RedisScript script,
        CompletableFuture<Object> reply) {
      this.name = name;
      this.arguments = arguments;
      this.script = script;
      this.reply = reply;
      this.size = Stream.of(arguments).mapToInt(argument -> argument.length).sum();
    }

    CompletableFuture<Object> reply() {
      return reply;
    }

    private int sizeOfAll() {
      return size + (next == null ? 0 : next.sizeOfAll());
    }

    private Command whole(RedisScript known) {
      return new Command(Protocol.Command.EVAL, known.whole(arguments), null, reply);
    }
  }

  private final String name;
  private final long patienceNanos;
  private final RelayMetrics metrics;
  private final KeptConnection connection;
  private final LinkedBlockingQueue<Command> queue = new LinkedBlockingQueue<>(MAX_QUEUED);
  private final AtomicLong queuedBytes = new AtomicLong();

  /** Since when Redis owes an answer, or 0. Written by the lane's thread. */
  private volatile long busySince;

  /** What {@link #watch} saw last, and how often; only used by its thread. */
  private long watched;

  private long watchedFor;

  /** Scripts that Redis did not know, to be sent whole before anything else. */
  private List<Command> again = List.of();

  /** The batch that is under way; only used by the lane's thread, as how many are answered. */
  private List<Command> batch = new ArrayList<>();

  private int answered;

  /**
   * Not started yet.
   *
   * @param name in metrics and as the connection's
   * @param clock epoch milliseconds
   */
  RedisLane(
      String name,
      RedisClients clients,
      Duration patience,
      RelayMetrics metrics,
      LongSupplier clock) {
    this.name = name;
    this.patienceNanos = patience.toNanos();
    this.metrics = metrics;
    this.connection =
        new KeptConnection(
            "redis-" + name,
            "connection to Redis (%s)".formatted(name),
            clients,
            clients.commands("redis-" + name, patience),
            new Pipelining(),
            clock);
    metrics.redisQueue(name, queue::size, queuedBytes::get);
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

  /** Sends a command. */
  CompletableFuture<Object> send(ProtocolCommand command, byte[]... arguments) {
    return send(command(command, arguments));
  }

  /** A command for {@link #sendTogether}. */
  static Command command(ProtocolCommand command, byte[]... arguments) {
    return new Command(command, arguments, null, new CompletableFuture<>());
  }

  /** Sends the commands in one go, with nothing of this lane between them. */
  void sendTogether(Command first, Command... others) {
    Command last = first;
    for (Command other : others) {
      last.next = other;
      last = other;
    }
    send(first);
  }

  /** Runs a script. */
  CompletableFuture<Object> run(RedisScript script, List<byte[]> keys, List<byte[]> arguments) {
    return send(
        new Command(
            Protocol.Command.EVALSHA,
            script.bySha1(keys, arguments),
            script,
            new CompletableFuture<>()));
  }

  /**
   * Cuts the connection if Redis owes an answer for too long; to be called every {@link
   * #WATCH_MILLIS} by one thread. Counts its calls, so that a pause of this process is not held
   * against Redis.
   */
  void watch() {
    long since = busySince;
    if (since == 0 || since != watched) {
      watched = since;
      watchedFor = 0;
    } else if (++watchedFor * TimeUnit.MILLISECONDS.toNanos(WATCH_MILLIS) > patienceNanos) {
      connection.cut();
    }
  }

  @Override
  public void close() {
    connection.close();
  }

  private CompletableFuture<Object> send(Command command) {
    int size = command.sizeOfAll();
    if (!connection.isUp()) {
      fail(command, "away");
    } else if (queuedBytes.addAndGet(size) > MAX_QUEUED_BYTES || !queue.offer(command)) {
      queuedBytes.addAndGet(-size);
      fail(command, "full");
    } else if (!connection.isUp()) {
      failQueued();
    }
    return command.reply;
  }

  /** The command and those that go with it. */
  private void fail(Command command, String why) {
    for (Command each = command; each != null; each = each.next) {
      failOne(each, why);
    }
  }

  private void failOne(Command command, String why) {
    metrics.redisCommandFailed(name, why);
    command.reply.completeExceptionally(new RedisAway(why));
  }

  private void failQueued() {
    Command queued;
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
        for (Command command : batch) {
          wire.sendCommand(command.name, command.arguments);
        }
        wire.send();
        List<Command> unknown = new ArrayList<>(0);
        while (answered < batch.size()) {
          Command command = batch.get(answered);
          settle(command, reply(wire), unknown);
          busySince = System.nanoTime();
          answered++;
        }
        batch.clear();
        again = unknown;
        busySince = 0;
      }
    }

    /** Fills the batch with what waits, or with a PING if nothing does for a while. */
    private void gather() throws InterruptedException {
      batch.addAll(again);
      again = List.of();
      Command next = batch.isEmpty() ? queue.poll(KEEPALIVE_MILLIS, TimeUnit.MILLISECONDS) : null;
      if (next == null && batch.isEmpty()) {
        CompletableFuture<Object> ignored = new CompletableFuture<>();
        batch.add(new Command(Protocol.Command.PING, NO_ARGUMENTS, null, ignored));
        return;
      }
      int bytes = 0;
      long now = System.nanoTime();
      for (; next != null; next = mayGrow(bytes) ? queue.poll() : null) {
        queuedBytes.addAndGet(-next.sizeOfAll());
        if (now - next.queuedAt > patienceNanos) {
          fail(next, "late");
        } else {
          for (Command each = next; each != null; each = each.next) {
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

    private void settle(Command command, @Nullable Object reply, List<Command> unknown) {
      if (reply instanceof JedisNoScriptException && command.script != null) {
        unknown.add(command.whole(command.script));
      } else if (reply instanceof JedisDataException error) {
        metrics.redisCommandFailed(name, "refused");
        command.reply.completeExceptionally(error);
      } else {
        command.reply.complete(reply);
      }
    }

    @Override
    public void failed() {
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
