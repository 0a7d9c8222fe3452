package dev.laravelrelay.redis;

import java.util.Arrays;
import java.util.List;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisAccessControlException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/** One connection whose commands and replies are not tied to each other. One writer, one reader. */
final class RedisWire extends Connection {

  private static final byte[] MASTER = RedisNames.utf8("master");

  private final RedisSockets sockets;

  /** False while the constructor connects. */
  private boolean made;

  /** Connected and logged in, to a master. */
  RedisWire(RedisClients clients, JedisClientConfig config) {
    this(clients, clients.sockets(config), config);
  }

  /** The same over these sockets. */
  RedisWire(RedisClients clients, RedisSockets sockets, JedisClientConfig config) {
    super(sockets, config);
    this.sockets = sockets;
    this.made = true;
    try {
      if (clients.wantsMaster() && !isMaster()) {
        sockets.doubt();
        throw new JedisConnectionException("it is a replica, which takes no writes");
      }
      setSoTimeout(config.getBlockingSocketTimeoutMillis());
    } catch (RuntimeException e) {
      cut();
      throw e;
    }
  }

  /** Sentinels, a proxy or a name may be behind the facts for a moment. */
  private boolean isMaster() {
    sendCommand(Protocol.Command.ROLE);
    try {
      return ((List<?>) getOne()).getFirst() instanceof byte[] role && Arrays.equals(role, MASTER);
    } catch (JedisAccessControlException mayNotAsk) {
      return true;
    } catch (JedisDataException refused) {
      if (String.valueOf(refused.getMessage()).startsWith("ERR ")) {
        return true; // where there is no such command
      }
      throw refused;
    }
  }

  /** Only once: a connection that is lost is not silently another. */
  @Override
  public void connect() {
    if (made && !isConnected()) {
      throw new JedisConnectionException("the connection is closed");
    }
    super.connect();
  }

  /** Whether it is not to this address. */
  boolean leadsElsewhereThan(HostAndPort address) {
    return sockets.leadsElsewhereThan(address);
  }

  /** Sends what was written. */
  void send() {
    flush();
  }

  /** Ends it, so that whoever waits for it fails at once. From any thread. */
  void cut() {
    sockets.cut();
  }
}
