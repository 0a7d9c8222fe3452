package dev.laravelrelay.redis;

import dev.laravelrelay.config.RedisConfig;
import dev.laravelrelay.config.Secret;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.exceptions.JedisException;

/**
 * How every part of the relay connects to its Redis: address, login and time-outs, none of them
 * endless. Behind Sentinels and in a Cluster the address is looked up for each connection. Safe
 * from any thread.
 */
public final class RedisClients {

  /** How long a TCP connect may take. */
  static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);

  /** How long each step of a handshake may take: TLS, login, and the Sentinels' answers. */
  static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(1);

  /** How long a command may take. */
  static final Duration COMMAND_TIMEOUT = Duration.ofSeconds(2);

  private final RedisUrl url;
  private final @Nullable RedisTls tls;
  private final boolean hasCertificate;
  private final @Nullable RedisCluster cluster;
  private final RedisLocator locator;
  private final boolean wantsMaster;

  /** Cut the connections to it. */
  private final Set<Runnable> cuts = ConcurrentHashMap.newKeySet();

  private RedisClients(RedisUrl url, RedisConfig.Tls files) {
    this.url = url;
    this.tls = url.tls() ? new RedisTls(files) : null;
    this.hasCertificate = files.certificate().isPresent();
    this.cluster =
        url.form() == RedisUrl.Form.CLUSTER
            ? new RedisCluster(url.hosts(), tls, config("redis-cluster", HANDSHAKE_TIMEOUT))
            : null;
    this.locator =
        switch (url.form()) {
          case SINGLE -> RedisLocator.at(url.hosts().getFirst());
          case SENTINEL ->
              new Sentinels(url.hosts(), url.master(), tls, sentinelConfig(), this::isMaster);
          case CLUSTER -> Objects.requireNonNull(cluster).any();
        };
    this.wantsMaster = isOnePlace();
  }

  /** The same login, somewhere else. */
  private RedisClients(RedisClients like, RedisUrl url, RedisLocator locator) {
    this.url = url;
    this.tls = like.tls;
    this.hasCertificate = like.hasCertificate;
    this.cluster = null;
    this.locator = locator;
    this.wantsMaster = false;
  }

  /**
   * For the Redis of these settings.
   *
   * @throws IllegalArgumentException with a sentence for the operator, if there is no URL or one of
   *     them is of no use
   */
  public static RedisClients of(RedisConfig config) {
    Secret given = config.url().orElseThrow(() -> new IllegalArgumentException("no Redis URL"));
    RedisUrl url = RedisUrl.parse(given);
    if (!url.tls() && !config.tls().equals(RedisConfig.Tls.NONE)) {
      throw new IllegalArgumentException(
          "RELAY_REDIS_CA, RELAY_REDIS_CERT and RELAY_REDIS_KEY need a URL that begins with rediss");
    }
    return new RedisClients(url, config.tls());
  }

  /**
   * For the Redis at that URL, with no other setting.
   *
   * @throws IllegalArgumentException as {@link RedisUrl#parse}
   */
  public static RedisClients of(Secret url) {
    return of(new RedisConfig(Optional.of(url), "", List.of(), 0));
  }

  /** What is wrong with the settings of Redis, if anything: one sentence. */
  public static Optional<String> problem(RedisConfig config) {
    try {
      if (config.url().isPresent()) {
        of(config);
      }
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.of("Redis cannot be used: " + e.getMessage() + ".");
    }
  }

  /** Null if it is no Cluster. */
  @Nullable RedisCluster cluster() {
    return cluster;
  }

  /** For the one Redis of the Cluster that is there. */
  RedisClients at(HostAndPort master) {
    return new RedisClients(this, url.at(master), RedisLocator.at(master));
  }

  /** For the Redis that has this key. */
  RedisClients of(byte[] key) {
    return cluster == null ? this : new RedisClients(this, url, cluster.of(key));
  }

  /**
   * Makes the sockets of connections with that configuration: behind Sentinels to the master, in a
   * Cluster to any of them.
   */
  RedisSockets sockets(JedisClientConfig config) {
    return new RedisSockets(locator, tls, config);
  }

  /** Whether one Redis has all keys and channels, so that a script may use any of them. */
  boolean isOnePlace() {
    return switch (url.form()) {
      case SINGLE, SENTINEL -> true;
      case CLUSTER -> false;
    };
  }

  /** Why a connection failed, in one clause for the operator. */
  String reason(Throwable failure) {
    String reason = Reason.of(failure);
    boolean maybeRefused = tls != null && !hasCertificate && Reason.isCut(failure);
    return maybeRefused ? reason + "; if it wants a certificate: see RELAY_REDIS_CERT" : reason;
  }

  /** Whether what is connected to must be asked if it is a master. */
  boolean wantsMaster() {
    return wantsMaster;
  }

  private boolean isMaster(HostAndPort address) {
    JedisClientConfig config = commands("redis-role");
    try (RedisWire wire =
        new RedisWire(this, new RedisSockets(RedisLocator.at(address), tls, config), config)) {
      return wire.isConnected();
    } catch (JedisException e) {
      return false;
    }
  }

  /** Tells the follower whenever the Redis to connect to is another, and which. */
  void follow(Consumer<HostAndPort> follower) {
    locator.follow(follower);
  }

  /**
   * As {@link #follow(Consumer)}.
   *
   * @param cut is run when what is connected to takes no writes any more
   */
  void follow(Consumer<HostAndPort> follower, Runnable cut) {
    follow(follower);
    cuts.add(cut);
  }

  /** What was connected to is a replica now: no connection stays with it. */
  void demoted() {
    locator.doubt();
    cuts.forEach(Runnable::run);
  }

  /** What was connected to is not what it should be. */
  void doubt() {
    locator.doubt();
  }

  void unfollow(Consumer<HostAndPort> follower) {
    locator.unfollow(follower);
  }

  void unfollow(Consumer<HostAndPort> follower, Runnable cut) {
    unfollow(follower);
    cuts.remove(cut);
  }

  /** For connections that send commands: an answer takes at most {@link #COMMAND_TIMEOUT}. */
  public JedisClientConfig commands(String clientName) {
    return config(clientName, COMMAND_TIMEOUT);
  }

  /** For connections that send commands: an answer takes at most as long as that. */
  JedisClientConfig commands(String clientName, Duration patience) {
    return config(clientName, patience);
  }

  /**
   * For connections that wait: subscriptions and blocking commands.
   *
   * @param silence after how long without a byte the connection counts as dead
   */
  public JedisClientConfig waiting(String clientName, Duration silence) {
    return config(clientName, silence);
  }

  /** The address, without user and password. */
  @Override
  public String toString() {
    return url.toString();
  }

  private JedisClientConfig config(String clientName, Duration silence) {
    DefaultJedisClientConfig.Builder config = base(silence).database(url.database());
    Secret password = url.password();
    if (password != null) {
      config.user(url.user()).password(password.reveal());
    }
    return config.clientName(clientName).build();
  }

  private JedisClientConfig sentinelConfig() {
    DefaultJedisClientConfig.Builder config = base(HANDSHAKE_TIMEOUT);
    Secret password = url.sentinelPassword();
    if (password != null) {
      config.password(password.reveal());
    }
    return config.build();
  }

  private DefaultJedisClientConfig.Builder base(Duration silence) {
    return DefaultJedisClientConfig.builder()
        .resp2()
        .autoNegotiateProtocol(false)
        .connectionTimeoutMillis((int) CONNECT_TIMEOUT.toMillis())
        .socketTimeoutMillis((int) HANDSHAKE_TIMEOUT.toMillis())
        .blockingSocketTimeoutMillis((int) silence.toMillis());
  }
}
