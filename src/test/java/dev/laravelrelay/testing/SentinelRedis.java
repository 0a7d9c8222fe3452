package dev.laravelrelay.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/** A master, a replica and three Sentinels that notice within half a second: real processes. */
public final class SentinelRedis implements AutoCloseable {

  private static final String NAME = "calls";
  private static final int SENTINELS = 3;

  /** A Sentinel whose machine stood still does nothing for 30 s. */
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private final List<RedisProcess> servers = new ArrayList<>();
  private final List<RedisProcess> sentinels = new ArrayList<>();

  private SentinelRedis() {}

  /** Running, and every Sentinel knows the replica and the other Sentinels. */
  public static SentinelRedis start() {
    SentinelRedis made = new SentinelRedis();
    try {
      made.begin();
      return made;
    } catch (RuntimeException e) {
      made.close();
      throw e;
    }
  }

  private void begin() {
    RedisProcess master = started(servers, new RedisProcess("--repl-diskless-sync-delay", "0"));
    String replicated = "127.0.0.1 " + master.port();
    started(servers, new RedisProcess("--replicaof", "127.0.0.1", Integer.toString(master.port())));
    for (int i = 0; i < SENTINELS; i++) {
      started(
          sentinels,
          RedisProcess.sentinel(
              "sentinel monitor %s %s 2".formatted(NAME, replicated),
              "sentinel down-after-milliseconds %s 500".formatted(NAME),
              "sentinel failover-timeout %s 3000".formatted(NAME)));
    }
    await(
        "Sentinels that know each other",
        () -> sentinels.stream().allMatch(SentinelRedis::knowsTheOthers));
  }

  private static RedisProcess started(List<RedisProcess> all, RedisProcess one) {
    all.add(one);
    one.start();
    one.awaitOpen();
    return one;
  }

  private static boolean knowsTheOthers(RedisProcess sentinel) {
    try (Jedis jedis = new Jedis("127.0.0.1", sentinel.port())) {
      Map<String, String> master = jedis.sentinelMasters().getFirst();
      return "1".equals(master.get("num-slaves"))
          && "2".equals(master.get("num-other-sentinels"))
          && "master".equals(master.get("flags"));
    }
  }

  /** For the relay. */
  public String url() {
    List<String> hosts =
        sentinels.stream().map(sentinel -> "127.0.0.1:" + sentinel.port()).toList();
    return "redis-sentinel://%s/0?master=%s".formatted(String.join(",", hosts), NAME);
  }

  /** Ends the master as {@code kill -9} does. */
  public void killMaster() {
    master().kill();
  }

  /** Stops its processor time. */
  public void freezeMaster() {
    master().freeze();
  }

  /** Starts again whoever was killed: as a master of its own, until a Sentinel sees it. */
  public void startTheDead() {
    servers.getFirst().kill();
    servers.getFirst().start();
  }

  public void thaw() {
    servers.getFirst().thaw();
  }

  /** Ends the first Sentinel. */
  public void killSentinel() {
    sentinels.getFirst().kill();
  }

  /** The port of whom the last Sentinel calls the master. */
  public int masterPort() {
    try (Jedis jedis = new Jedis("127.0.0.1", sentinels.getLast().port())) {
      return Integer.parseInt(jedis.sentinelGetMasterAddrByName(NAME).get(1));
    }
  }

  /** Returns when the replica is the master. */
  public void awaitFailover() {
    await("a promoted replica", () -> isMaster(servers.getLast()));
  }

  /** Returns when the first server is a replica. */
  public void awaitDemotion() {
    await("a demoted master", () -> !isMaster(servers.getFirst()));
  }

  /** Returns when the replica has what the master had when it was asked. */
  public void awaitReplication() {
    await(
        "a replica that follows",
        () -> {
          try (Jedis jedis = new Jedis("127.0.0.1", master().port())) {
            return jedis.waitReplicas(1, 1_000) > 0;
          }
        });
  }

  private RedisProcess master() {
    int port = masterPort();
    return servers.stream().filter(one -> one.port() == port).findFirst().orElseThrow();
  }

  private static boolean isMaster(RedisProcess server) {
    try (Jedis jedis = new Jedis("127.0.0.1", server.port())) {
      return "master".equals(jedis.role().getFirst());
    }
  }

  private static void await(String what, java.util.concurrent.Callable<Boolean> condition) {
    Awaitility.await(what)
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(20))
        .ignoreExceptionsInstanceOf(JedisException.class)
        .until(condition);
  }

  @Override
  public void close() {
    sentinels.forEach(RedisProcess::discard);
    servers.forEach(RedisProcess::discard);
  }
}
