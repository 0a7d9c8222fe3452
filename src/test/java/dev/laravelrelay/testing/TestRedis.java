package dev.laravelrelay.testing;

import java.net.URI;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.opentest4j.TestAbortedException;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.util.JedisURIHelper;

/**
 * A real Redis for one test class: {@code RELAY_TEST_REDIS_URL} if that is set, else a container if
 * Docker answers, else {@code redis-server} from the PATH, else the binary that embedded-redis
 * ships. Unless the URL is given it is an instance of its own on a free loopback port, empty, that
 * writes nothing to disk and is gone after {@link #close()} or at the latest with the JVM.
 *
 * <p>A Redis that is given by URL is shared: use names of your own, and tests that kill or freeze
 * it are skipped.
 */
public final class TestRedis implements AutoCloseable {

  /** What runs it. */
  interface Host {

    String url();

    void start();

    void kill();

    void freeze();

    void thaw();

    void discard();
  }

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Host host;

  private TestRedis(Host host) {
    this.host = host;
  }

  /** A running one. */
  public static TestRedis start() {
    String given = System.getenv("RELAY_TEST_REDIS_URL");
    Host host;
    if (given != null && !given.isBlank()) {
      host = new Given(given);
    } else if (RedisContainer.dockerAnswers()) {
      host = new RedisContainer();
    } else {
      host = new RedisProcess();
    }
    TestRedis redis = new TestRedis(host);
    host.start();
    redis.awaitAnswer();
    return redis;
  }

  /** Where it listens, as {@code redis://127.0.0.1:port}; the same after a restart. */
  public String url() {
    return host.url();
  }

  /** A new connection to it, or to the first node of a Cluster; the caller closes it. */
  public Jedis connect() {
    URI uri = URI.create(url().replaceFirst("^redis-cluster:", "redis:"));
    return new Jedis(
        JedisURIHelper.getHostAndPort(uri),
        DefaultJedisClientConfig.builder(uri)
            .autoNegotiateProtocol(false)
            .timeoutMillis(2_000)
            .build());
  }

  /** Ends it as {@code kill -9} does; the port refuses connections afterwards. */
  public void kill() {
    host.kill();
  }

  /** Starts it again, empty, on the same port; kills it first if it runs. */
  public void restart() {
    host.kill();
    host.start();
    awaitAnswer();
  }

  /** Stops its processor time: connections stay open, nothing is answered. */
  public void freeze() {
    host.freeze();
  }

  /** Ends {@link #freeze()}. */
  public void thaw() {
    host.thaw();
    awaitAnswer();
  }

  @Override
  public void close() {
    host.discard();
  }

  private void awaitAnswer() {
    Awaitility.await("answer of the Redis at " + url())
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(10))
        .ignoreExceptionsInstanceOf(JedisException.class)
        .until(
            () -> {
              try (Jedis jedis = connect()) {
                return "PONG".equals(jedis.ping());
              }
            });
  }

  /** Somebody else's. */
  private record Given(String url) implements Host {

    @Override
    public void start() {}

    @Override
    public void kill() {
      throw notOurs();
    }

    @Override
    public void freeze() {
      throw notOurs();
    }

    @Override
    public void thaw() {
      throw notOurs();
    }

    @Override
    public void discard() {}

    private static TestAbortedException notOurs() {
      return new TestAbortedException("the Redis of RELAY_TEST_REDIS_URL is not ours to stop");
    }
  }
}
