package dev.laravelrelay.redis;

import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.commands.ProtocolCommand;

/** A command that waits for Redis, or is under way, and those that go with it. */
final class RedisCommand {

  final ProtocolCommand name;
  final byte[][] arguments;
  final @Nullable RedisScript script;
  final CompletableFuture<Object> reply;
  final int size;

  /** When it was given, on {@link System#nanoTime}. */
  final long since;

  /** What goes with it, in one go. */
  @Nullable RedisCommand next;

  private RedisCommand(
      ProtocolCommand name,
      byte[][] arguments,
      @Nullable RedisScript script,
      CompletableFuture<Object> reply,
      long since) {
    this.name = name;
    this.arguments = arguments;
    this.script = script;
    this.reply = reply;
    this.size = Stream.of(arguments).mapToInt(argument -> argument.length).sum();
    this.since = since;
  }

  static RedisCommand of(ProtocolCommand name, byte[]... arguments) {
    return new RedisCommand(name, arguments, null, new CompletableFuture<>(), System.nanoTime());
  }

  /** Runs a script. */
  static RedisCommand of(RedisScript script, byte[][] arguments) {
    return new RedisCommand(
        Protocol.Command.EVALSHA, arguments, script, new CompletableFuture<>(), System.nanoTime());
  }

  CompletableFuture<Object> reply() {
    return reply;
  }

  /** The key or channel by which a Cluster knows where it belongs. */
  byte[] key() {
    if (name == Protocol.Command.EVALSHA || name == Protocol.Command.EVAL) {
      return arguments[2];
    }
    return arguments[name == Protocol.Command.PUBSUB ? 1 : 0];
  }

  int sizeOfAll() {
    return size + (next == null ? 0 : next.sizeOfAll());
  }

  /** The same, alone, to be sent again. */
  RedisCommand again() {
    return new RedisCommand(name, arguments, script, reply, since);
  }

  /** The same with the text of its script. */
  RedisCommand whole(RedisScript known) {
    return new RedisCommand(Protocol.Command.EVAL, known.whole(arguments), null, reply, since);
  }
}
