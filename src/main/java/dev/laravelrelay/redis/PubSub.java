package dev.laravelrelay.redis;

import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.commands.ProtocolCommand;

/**
 * What the commands of pub/sub are called: for one Redis, and within the shards of a Cluster.
 *
 * @see <a href="https://redis.io/docs/latest/develop/pubsub/#sharded-pubsub">Sharded Pub/Sub</a>
 */
enum PubSub {
  PLAIN(Command.PUBLISH, Command.SUBSCRIBE, Command.UNSUBSCRIBE, "NUMSUB"),
  SHARDED(Command.SPUBLISH, Command.SSUBSCRIBE, Command.SUNSUBSCRIBE, "SHARDNUMSUB");

  private final Command publish;
  private final Command subscribe;
  private final Command unsubscribe;
  private final String count;

  PubSub(Command publish, Command subscribe, Command unsubscribe, String count) {
    this.publish = publish;
    this.subscribe = subscribe;
    this.unsubscribe = unsubscribe;
    this.count = count;
  }

  ProtocolCommand subscribe() {
    return subscribe;
  }

  ProtocolCommand unsubscribe() {
    return unsubscribe;
  }

  /** Answers how many heard it, those who listen by a pattern included. */
  RedisCommand publish(byte[] channel, byte[] message) {
    return RedisCommand.of(publish, channel, message);
  }

  /** Answers each channel and how many listen, without those who do by a pattern. */
  RedisCommand listeners(byte[]... channels) {
    byte[][] arguments = new byte[1 + channels.length][];
    arguments[0] = listenersName();
    System.arraycopy(channels, 0, arguments, 1, channels.length);
    return RedisCommand.of(Command.PUBSUB, arguments);
  }

  /** For scripts. */
  byte[] publishName() {
    return publish.getRaw();
  }

  /** For scripts, behind PUBSUB. */
  byte[] listenersName() {
    return RedisNames.utf8(count);
  }
}
