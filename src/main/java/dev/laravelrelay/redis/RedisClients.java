package dev.laravelrelay.redis;

import dev.laravelrelay.config.Secret;
import java.time.Duration;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.SslVerifyMode;

/**
 * How every part of the relay connects to its Redis: address, login and time-outs, none of them
 * endless. Over TLS the certificate must be for the host. Immutable.
 */
public final class RedisClients {

  /** How long a TCP connect may take. */
  static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

  /** How long a command may take. */
  static final Duration COMMAND_TIMEOUT = Duration.ofSeconds(2);

  private final RedisUrl url;

  public RedisClients(RedisUrl url) {
    this.url = url;
  }

  /**
   * For the Redis at that URL.
   *
   * @throws IllegalArgumentException as {@link RedisUrl#parse}
   */
  public static RedisClients of(Secret url) {
    return new RedisClients(RedisUrl.parse(url));
  }

  /** Where it is. */
  public HostAndPort hostAndPort() {
    return new HostAndPort(url.host(), url.port());
  }

  /** For connections that send commands: an answer takes at most {@link #COMMAND_TIMEOUT}. */
  public JedisClientConfig commands(String clientName) {
    return config(clientName, COMMAND_TIMEOUT, COMMAND_TIMEOUT);
  }

  /** For connections that send commands: an answer takes at most as long as that. */
  JedisClientConfig commands(String clientName, Duration patience) {
    return config(clientName, patience, COMMAND_TIMEOUT);
  }

  /**
   * For connections that wait: subscriptions and blocking commands.
   *
   * @param silence after how long without a byte the connection counts as dead
   */
  public JedisClientConfig waiting(String clientName, Duration silence) {
    return config(clientName, COMMAND_TIMEOUT, silence);
  }

  /** The address, without user and password. */
  @Override
  public String toString() {
    return url.toString();
  }

  private JedisClientConfig config(String clientName, Duration timeout, Duration blockingTimeout) {
    DefaultJedisClientConfig.Builder config =
        DefaultJedisClientConfig.builder()
            .resp2()
            .autoNegotiateProtocol(false)
            .connectionTimeoutMillis((int) CONNECT_TIMEOUT.toMillis())
            .socketTimeoutMillis((int) timeout.toMillis())
            .blockingSocketTimeoutMillis((int) blockingTimeout.toMillis())
            .database(url.database())
            .clientName(clientName);
    Secret password = url.password();
    if (password != null) {
      config.user(url.user()).password(password.reveal());
    }
    if (url.tls()) {
      config.sslOptions(SslOptions.builder().sslVerifyMode(SslVerifyMode.FULL).build());
    }
    return config.build();
  }
}
