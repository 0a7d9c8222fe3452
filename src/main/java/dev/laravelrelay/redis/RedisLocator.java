package dev.laravelrelay.redis;

import java.util.function.Consumer;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.exceptions.JedisConnectionException;

/** Where the Redis of a connection is. Safe from any thread. */
interface RedisLocator {

  /**
   * Where it is now; may ask, which blocks.
   *
   * @throws JedisConnectionException with a sentence, if nobody tells
   */
  HostAndPort locate();

  /** What was told is of no use. */
  void doubt();

  /** From now on the follower is told whenever it is another. */
  void follow(Consumer<HostAndPort> follower);

  /** It is told no more. */
  void unfollow(Consumer<HostAndPort> follower);

  /** Always at that address. */
  static RedisLocator at(HostAndPort address) {
    return new RedisLocator() {

      @Override
      public HostAndPort locate() {
        return address;
      }

      @Override
      public void doubt() {}

      @Override
      public void follow(Consumer<HostAndPort> follower) {}

      @Override
      public void unfollow(Consumer<HostAndPort> follower) {}
    };
  }
}
