package dev.laravelrelay.testing;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.util.JedisClusterCRC16;

/**
 * A Redis Cluster of three masters with a replica each, that notice a dead one within a second:
 * real processes. Needs a {@code redis-server} of version 7 on the PATH.
 */
public final class ClusterRedis implements AutoCloseable {

  private static final int MASTERS = 3;
  private static final int SLOTS = 16_384;
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  private final List<RedisProcess> servers = new ArrayList<>();

  private ClusterRedis() {}

  /** Running, and whole. */
  public static ClusterRedis start() {
    ClusterRedis made = new ClusterRedis();
    try {
      made.begin();
      return made;
    } catch (RuntimeException e) {
      made.close();
      throw e;
    }
  }

  private void begin() {
    List<String> buses = new ArrayList<>();
    for (int i = 0; i < 2 * MASTERS; i++) {
      buses.add(Integer.toString(FreePorts.next()));
      servers.add(server(buses.get(i)));
    }
    servers.forEach(RedisProcess::start);
    servers.forEach(RedisProcess::awaitOpen);
    for (int i = 0; i < MASTERS; i++) {
      int from = SLOTS * i / MASTERS;
      int to = SLOTS * (i + 1) / MASTERS - 1;
      on(servers.get(i), "ADDSLOTSRANGE", Integer.toString(from), Integer.toString(to));
    }
    for (int i = 1; i < servers.size(); i++) {
      String port = Integer.toString(servers.get(i).port());
      on(servers.getFirst(), "MEET", "127.0.0.1", port, buses.get(i));
    }
    await("nodes that know each other", () -> servers.stream().allMatch(this::knowsAll));
    for (int i = 0; i < MASTERS; i++) {
      on(servers.get(MASTERS + i), "REPLICATE", id(servers.get(i)));
    }
    await("a whole Cluster", () -> servers.stream().allMatch(ClusterRedis::isWhole));
    await("replicas", () -> IntStream.range(0, MASTERS).allMatch(this::isReplicated));
  }

  private static RedisProcess server(String bus) {
    return new RedisProcess(
        "--cluster-enabled",
        "yes",
        "--cluster-port",
        bus,
        "--cluster-node-timeout",
        "1000",
        "--cluster-allow-replica-migration",
        "no",
        "--repl-diskless-sync-delay",
        "0");
  }

  /** For the relay: any two of its nodes, a replica among them. */
  public String url() {
    return "redis-cluster://127.0.0.1:%d,127.0.0.1:%d"
        .formatted(servers.getLast().port(), servers.getFirst().port());
  }

  /** As an application uses it; the caller closes it. */
  public RedisClusterClient client() {
    return RedisClusterClient.create(new HostAndPort("127.0.0.1", servers.getFirst().port()));
  }

  /** Ends the first master of this key as {@code kill -9} does. */
  public void killMasterOf(String key) {
    servers.get(first(key)).kill();
  }

  /** Stops its processor time. */
  public void freezeMasterOf(String key) {
    servers.get(first(key)).freeze();
  }

  public void thawMasterOf(String key) {
    servers.get(first(key)).thaw();
  }

  /** Returns when the replica of the first master of this key is the master. */
  public void awaitFailover(String key) {
    RedisProcess replica = servers.get(MASTERS + first(key));
    await("a promoted replica", () -> role(replica).equals("master") && isWhole(replica));
  }

  /** Returns when the replica of this key has what the master had when it was asked. */
  public void awaitReplication(String key) {
    await(
        "a replica that follows",
        () -> {
          try (Jedis jedis = connect(servers.get(first(key)))) {
            return jedis.waitReplicas(1, 1_000) > 0;
          }
        });
  }

  /** Moves the slot of this key, with what is in it, to another master. */
  public void move(String key) {
    String slot = Integer.toString(slot(key));
    RedisProcess from = servers.get(first(key));
    RedisProcess to = servers.get((first(key) + 1) % MASTERS);
    on(to, "SETSLOT", slot, "IMPORTING", id(from));
    on(from, "SETSLOT", slot, "MIGRATING", id(to));
    try (Jedis jedis = connect(from)) {
      List<String> keys;
      while (!(keys = jedis.clusterGetKeysInSlot(slot(key), 10)).isEmpty()) {
        for (String one : keys) {
          jedis.migrate("127.0.0.1", to.port(), one, 0, 1_000);
        }
      }
    }
    on(to, "SETSLOT", slot, "NODE", id(to));
    on(from, "SETSLOT", slot, "NODE", id(to));
  }

  /** Which of the masters has the key at first. */
  public int first(String key) {
    return IntStream.range(0, MASTERS)
        .filter(i -> slot(key) < SLOTS * (i + 1) / MASTERS)
        .findFirst()
        .orElseThrow();
  }

  private static int slot(String key) {
    return JedisClusterCRC16.getSlot(key);
  }

  private boolean knowsAll(RedisProcess server) {
    return info(server).contains("cluster_known_nodes:" + servers.size());
  }

  private static boolean isWhole(RedisProcess server) {
    return info(server).contains("cluster_state:ok");
  }

  private boolean isReplicated(int master) {
    try (Jedis jedis = connect(servers.get(master))) {
      return jedis.info("replication").contains("state=online");
    }
  }

  private static String info(RedisProcess server) {
    return new String((byte[]) on(server, "INFO"), StandardCharsets.UTF_8);
  }

  private static String id(RedisProcess server) {
    return new String((byte[]) on(server, "MYID"), StandardCharsets.UTF_8);
  }

  private static String role(RedisProcess server) {
    try (Jedis jedis = connect(server)) {
      return String.valueOf(jedis.role().getFirst());
    }
  }

  private static Object on(RedisProcess server, String... command) {
    try (Jedis jedis = connect(server)) {
      return jedis.sendCommand(Protocol.Command.CLUSTER, command);
    }
  }

  private static Jedis connect(RedisProcess server) {
    return new Jedis("127.0.0.1", server.port());
  }

  private void await(String what, java.util.concurrent.Callable<Boolean> condition) {
    Awaitility.await(what + " of " + ports())
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(20))
        .ignoreExceptionsInstanceOf(JedisException.class)
        .until(condition);
  }

  private String ports() {
    return servers.stream()
        .map(server -> Integer.toString(server.port()))
        .collect(Collectors.joining(", "));
  }

  @Override
  public void close() {
    servers.forEach(RedisProcess::discard);
  }
}
