package dev.laravelrelay.e2e.faults;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.e2e.RedisProcess;
import dev.laravelrelay.testing.DroppingProxy;
import dev.laravelrelay.testing.SentinelRedis;
import dev.laravelrelay.testing.StockClient;
import dev.laravelrelay.testing.StockClient.Transports;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.params.ClientKillParams;

/**
 * What Redis and nodes do in real life, under 50 events a second: what Laravel was told, what was
 * lost, how long until all was whole. Prints a table, and leaves it in {@code target/e2e}.
 */
@Timeout(240)
class RedisFaultsE2E {

  private static final Path FAKETIME =
      Path.of("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1");
  private static final Duration FREEZE = Duration.ofSeconds(Long.getLong("freeze.seconds", 12));
  private static final List<FaultRow> ROWS = new ArrayList<>();

  private static RedisProcess redis;
  private static DroppingProxy network;
  private static TwoNodes nodes;

  @BeforeAll
  static void start() {
    redis = RedisProcess.start(List.of("--appendonly", "yes", "--appendfsync", "always"));
    network = new DroppingProxy(redis.port());
    nodes = new TwoNodes("redis://127.0.0.1:" + network.url().getPort());
  }

  @AfterAll
  static void stop() throws Exception {
    nodes.close();
    network.close();
    redis.close();
    StringBuilder table = new StringBuilder(FaultRow.HEAD).append('\n');
    ROWS.forEach(row -> table.append(row).append('\n'));
    System.out.println(table);
    Files.writeString(Path.of("target", "e2e", "faults.md"), table);
  }

  @Test
  void aRedisThatIsKilledAndComesBackWithItsData() throws Exception {
    FaultRow row =
        suffer(
            "Redis killed, back after 1 s with its data (AOF)",
            () -> {
              redis.kill();
              pause(1_000);
              redis.restart();
            });
    assertWhole(row, true);
  }

  @Test
  void aRedisThatIsKilledAndComesBackEmpty() throws Exception {
    FaultRow row =
        suffer(
            "Redis killed, back after 1 s and empty",
            () -> {
              redis.kill();
              pause(1_000);
              redis.restartEmpty();
            });
    assertQuick(row, true);
    assertTrue(row.keptLost().size() <= 3, row::toString);
  }

  @Test
  void aRedisThatPauses() throws Exception {
    FaultRow row =
        suffer(
            "Redis paused for 5 s (SIGSTOP)",
            () -> {
              redis.freeze();
              pause(5_000);
              redis.thaw();
            });
    assertWhole(row, true);
  }

  @Test
  void aNetworkThatSwallowsEverything() throws Exception {
    FaultRow row =
        suffer(
            "network to Redis cut silently for 5 s",
            () -> {
              network.cutOff();
              pause(5_000);
              network.heal();
            });
    assertWhole(row, true);
  }

  @Test
  void scriptsThatRedisForgetsAllTheTime() throws Exception {
    FaultRow row =
        suffer(
            "SCRIPT FLUSH 40 times in 1 s",
            () -> {
              try (Jedis jedis = jedis()) {
                for (int i = 0; i < 40; i++) {
                  jedis.scriptFlush();
                  pause(25);
                }
              }
            });
    assertWhole(row, false);
    assertEquals(List.of(), row.sentLost());
  }

  @Test
  void subscriptionsThatAreKilled() throws Exception {
    FaultRow row =
        suffer(
            "CLIENT KILL TYPE pubsub, 3 times in 1 s",
            () -> {
              try (Jedis jedis = jedis()) {
                for (int i = 0; i < 3; i++) {
                  jedis.clientKill(new ClientKillParams().type(ClientType.PUBSUB));
                  pause(333);
                }
              }
            });
    assertWhole(row, false);
  }

  @Test
  void aRedisWithoutMemory() throws Exception {
    FaultRow row =
        suffer(
            "maxmemory reached for 2 s (noeviction)",
            () -> {
              try (Jedis jedis = jedis()) {
                jedis.configSet("maxmemory", "1");
                pause(2_000);
                jedis.configSet("maxmemory", "0");
              }
            });
    assertWhole(row, false);
    assertEquals(List.of(), row.sentLost());
  }

  @Test
  void aNodeThatIsKilled() throws Exception {
    try (StockClient ghost =
        new StockClient(nodes.b.socketUrl(), Transports.WEBSOCKET, "ghost", "ring").connect()) {
      awaitOnline("ghost", true);
      ghost.socket().io().reconnection(false);
      long[] presence = new long[1];
      FaultRow row =
          suffer(
              "node killed (kill -9), its phones go to the other",
              () -> {
                nodes.phonesWay.redirect(nodes.a.port());
                nodes.b.kill();
                long killed = System.nanoTime();
                awaitOnline("ghost", false);
                presence[0] = (System.nanoTime() - killed) / 1_000_000;
                nodes.b.restart();
              });
      System.out.println("presence true " + presence[0] + " ms after the crash of a node");
      assertTrue(presence[0] <= 15_000, "offline after " + presence[0]);
      assertEquals(List.of(), row.keptLost());
    } finally {
      nodes.phonesToB();
    }
  }

  @Test
  void aNodeThatFreezes() throws Exception {
    FaultRow row =
        suffer(
            "node frozen for %d s (SIGSTOP) and thawed".formatted(FREEZE.toSeconds()),
            () -> {
              nodes.b.freeze();
              pause(FREEZE.toMillis());
              nodes.b.thaw();
            });
    assertWhole(row, true);
  }

  @Test
  void aNodeWhoseClockIsAnHourOff() throws Exception {
    Assumptions.assumeTrue(Files.exists(FAKETIME), "libfaketime is not installed");
    nodes.replaceB(
        Map.of(
            "LD_PRELOAD",
            FAKETIME.toString(),
            "FAKETIME",
            "+1h",
            "FAKETIME_DONT_FAKE_MONOTONIC",
            "1"));
    try {
      FaultRow row = suffer("clock of one node an hour ahead", () -> pause(2_000));
      assertWhole(row, false);
      assertEquals(List.of(), row.sentLost());
      assertTrue(row.told().getOrDefault("503", 0L) < row.kept() / 2, row::toString);
      awaitHeldOnTheOtherNode();
    } finally {
      nodes.replaceB(Map.of());
    }
  }

  /** Kept by one clock, given by another. */
  private static void awaitHeldOnTheOtherNode() {
    String emit = "{\"user\":\"%s\",\"event\":\"ring\",\"data\":{\"n\":1},\"hold\":30}";
    await().until(() -> nodes.a.emit(emit.formatted("late-a")).body().contains("\"held\""));
    await().until(() -> nodes.b.emit(emit.formatted("late-b")).body().contains("\"held\""));
    try (StockClient late =
            new StockClient(nodes.b.socketUrl(), Transports.WEBSOCKET, "late-a", "ring").connect();
        StockClient early =
            new StockClient(nodes.a.socketUrl(), Transports.WEBSOCKET, "late-b", "ring")
                .connect()) {
      late.await("ring", 1);
      early.await("ring", 1);
    }
  }

  @Test
  void aMasterThatDiesUnderSentinels() throws Exception {
    try (SentinelRedis sentinels = SentinelRedis.start();
        TwoNodes own = new TwoNodes(sentinels.url())) {
      FaultRow row =
          own.suffer(
              "Sentinel: master killed, replica promoted",
              () -> {
                sentinels.killMaster();
                sentinels.awaitFailover();
              });
      ROWS.add(row);
      assertQuick(row, true);
      assertTrue(row.keptLost().size() <= 3, row::toString);
    }
  }

  private static FaultRow suffer(String name, TwoNodes.Fault fault) throws Exception {
    FaultRow row = nodes.suffer(name, fault);
    ROWS.add(row);
    return row;
  }

  private static void assertWhole(FaultRow row, boolean notReady) {
    assertEquals(List.of(), row.keptLost());
    assertQuick(row, notReady);
  }

  private static void assertQuick(FaultRow row, boolean notReady) {
    assertTrue(row.wholeAfter() < 10_000, row::toString);
    assertFalse(row.told().containsKey("0"), row::toString);
    assertTrue(row.residentMb() < 800, row::toString);
    assertTrue(!notReady || row.notReadyAfter() >= 0, row::toString);
  }

  private static void awaitOnline(String user, boolean online) {
    await(user + " online: " + online)
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(50))
        .until(() -> nodes.a.get("/api/users/" + user).body().contains("\"online\":" + online));
  }

  private static Jedis jedis() {
    return new Jedis("127.0.0.1", redis.port());
  }

  private static void pause(long millis) {
    LockSupport.parkNanos(Duration.ofMillis(millis).toNanos());
  }
}
