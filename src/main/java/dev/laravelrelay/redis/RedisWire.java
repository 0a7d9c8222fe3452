package dev.laravelrelay.redis;

import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisSocketFactory;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.exceptions.JedisConnectionException;

/** One connection whose commands and replies are not tied to each other. One writer, one reader. */
final class RedisWire extends Connection {

  private static final Logger log = LoggerFactory.getLogger(RedisWire.class);

  /** False while the constructor connects. */
  private boolean made;

  /** Connected and logged in. */
  RedisWire(RedisClients clients, JedisClientConfig config) {
    super(new DefaultJedisSocketFactory(clients.hostAndPort(), config), config);
    this.made = true;
  }

  /** Only once: a connection that is lost is not silently another. */
  @Override
  public void connect() {
    if (made && !isConnected()) {
      throw new JedisConnectionException("the connection is closed");
    }
    super.connect();
  }

  /** Sends what was written. */
  void send() {
    flush();
  }

  /** Ends it, so that whoever waits for it fails at once. From any thread. */
  void cut() {
    try {
      forceDisconnect();
    } catch (IOException e) {
      log.debug("closing a socket failed", e);
    }
  }
}
