package dev.laravelrelay.redis;

import java.io.IOException;
import java.net.Socket;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.DefaultJedisSocketFactory;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.JedisSocketFactory;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Makes the sockets of one connection, to wherever its Redis is then; with TLS if there are
 * certificates. Knows the last one, so that any thread may cut it.
 */
final class RedisSockets implements JedisSocketFactory {

  private static final Logger log = LoggerFactory.getLogger(RedisSockets.class);

  private final RedisLocator locator;
  private final @Nullable RedisTls tls;
  private final JedisClientConfig config;
  private volatile @Nullable HostAndPort at;
  private volatile @Nullable Socket last;

  RedisSockets(RedisLocator locator, @Nullable RedisTls tls, JedisClientConfig config) {
    this.locator = locator;
    this.tls = tls;
    this.config = config;
  }

  @Override
  public Socket createSocket() {
    HostAndPort to = locator.locate();
    at = to;
    try {
      Socket socket = new DefaultJedisSocketFactory(to, config).createSocket();
      last = socket;
      return tls == null ? socket : secured(tls, socket, to);
    } catch (JedisException e) {
      doubt();
      throw e;
    }
  }

  private Socket secured(RedisTls with, Socket socket, HostAndPort to) {
    try {
      SSLSocket secured =
          (SSLSocket) with.sockets().createSocket(socket, to.getHost(), to.getPort(), true);
      secured.setSSLParameters(RedisTls.parameters());
      secured.startHandshake();
      return secured;
    } catch (IOException e) {
      cut();
      throw new JedisConnectionException(e);
    }
  }

  /** What the socket leads to is not what it should be. */
  void doubt() {
    locator.doubt();
  }

  /** Whether the last socket leads elsewhere. */
  boolean leadsElsewhereThan(HostAndPort address) {
    HostAndPort to = at;
    return to != null && !to.equals(address);
  }

  /** Closes the last socket under whatever is done with it: never waits for who writes. */
  void cut() {
    Socket socket = last;
    if (socket == null) {
      return;
    }
    try {
      socket.close();
    } catch (IOException e) {
      log.debug("closing a socket failed", e);
    }
  }
}
