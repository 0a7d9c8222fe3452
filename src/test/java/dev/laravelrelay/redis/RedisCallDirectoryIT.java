package dev.laravelrelay.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.call.Call;
import dev.laravelrelay.call.CallDirectory;
import dev.laravelrelay.call.CallDirectory.Registration;
import dev.laravelrelay.call.CallDirectoryContract;
import dev.laravelrelay.call.CallSignal;
import dev.laravelrelay.call.Signalled;
import dev.laravelrelay.config.Secret;
import dev.laravelrelay.event.CallTerms;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.testing.TestRedis;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

class RedisCallDirectoryIT extends CallDirectoryContract {

  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private static TestRedis redis;

  private final String prefix = "test:" + UUID.randomUUID() + ":";
  private final List<RedisLane> lanes = new ArrayList<>();
  private final List<CallDirectory> nodes = new ArrayList<>();
  private final ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor();

  @BeforeAll
  static void startRedis() {
    redis = TestRedis.start();
  }

  @AfterAll
  static void stopRedis() {
    redis.close();
  }

  @BeforeEach
  void connect() {
    for (int i = 0; i < 2; i++) {
      RedisLane lane =
          new RedisLane(
              "node" + i,
              RedisClients.of(new Secret(redis.url())),
              PATIENCE,
              new RelayMetrics(new SimpleMeterRegistry()),
              System::currentTimeMillis);
      lane.start();
      lanes.add(lane);
      nodes.add(new RedisCallDirectory(lane, new RedisNames(prefix), "n" + i));
    }
    watch.scheduleWithFixedDelay(
        () -> lanes.forEach(RedisLane::watch), 10, RedisLane.WATCH_MILLIS, TimeUnit.MILLISECONDS);
    Awaitility.await()
        .pollInterval(Duration.ofMillis(5))
        .until(() -> lanes.stream().allMatch(RedisLane::isUp));
  }

  @AfterEach
  void closeLanes() {
    watch.shutdownNow();
    lanes.forEach(RedisLane::close);
  }

  @Override
  protected List<CallDirectory> nodes() {
    return nodes;
  }

  private long pttl(String id) {
    try (Jedis jedis = redis.connect()) {
      return jedis.pttl(prefix + "call:{" + id + "}");
    }
  }

  @Test
  void whatOneNodeDoesTheOtherKnows() {
    get(nodes.get(0).register(call("c-1")));
    assertInstanceOf(
        Signalled.Moved.class, get(nodes.get(1).signal("c-1", CallSignal.ACCEPT, BEN)));
    assertEquals(Call.State.ACCEPTED, get(nodes.get(0).get("c-1")).orElseThrow().state());
    assertTrue(get(nodes.get(1).end("c-1")).isPresent());
    assertEquals(Optional.empty(), get(nodes.get(0).get("c-1")));
  }

  @Test
  void aCallGoesByItselfWhenItsTimeIsOver() {
    get(nodes.get(0).register(new CallTerms("c-2", ANNA, BEN, 1)));
    Awaitility.await().until(() -> get(nodes.get(1).get("c-2")).isEmpty());
    assertInstanceOf(
        Signalled.Unknown.class, get(nodes.get(1).signal("c-2", CallSignal.REJECT, BEN)));
    CallTerms other = new CallTerms("c-2", BEN, ANNA, 86_400);
    assertInstanceOf(Registration.Registered.class, get(nodes.get(0).register(other)));
    assertTrue(pttl("c-2") > 86_300_000);
  }

  @Test
  void anAcceptedCallIsKnownForADayAndOneThatIsOverForTenMinutes() {
    get(nodes.get(0).register(call("c-3")));
    get(nodes.get(0).signal("c-3", CallSignal.ACCEPT, BEN));
    assertTrue(pttl("c-3") > Duration.ofHours(23).toMillis());
    get(nodes.get(0).signal("c-3", CallSignal.END, ANNA));
    long left = pttl("c-3");
    assertTrue(left > 0 && left <= Duration.ofMinutes(10).toMillis(), () -> left + " ms");
  }

  @Test
  void ringingAnewTakesItsTimeAnew() {
    get(nodes.get(0).register(new CallTerms("c-4", ANNA, BEN, 30)));
    get(nodes.get(1).register(new CallTerms("c-4", ANNA, BEN, 3_000)));
    assertTrue(pttl("c-4") > 2_900_000);
  }

  @Test
  void anIdMayLookLikeAnything() {
    String id = "{a b} %:\0ü";
    get(nodes.get(0).register(new CallTerms(id, "anna ü", "{2}", 60)));
    Call known = get(nodes.get(1).get(id)).orElseThrow();
    assertEquals(
        List.of(id, "anna ü", "{2}"), List.of(known.id(), known.caller(), known.receiver()));
  }

  @Test
  void whileRedisIsAwayTheAnswerIsClearAndNotLate() throws Exception {
    get(nodes.get(0).register(call("c-5")));
    redis.freeze();
    try {
      Assertions.assertTimeout(
          PATIENCE.plusSeconds(5),
          () -> {
            assertInstanceOf(
                Signalled.Unavailable.class,
                get(nodes.get(0).signal("c-5", CallSignal.REJECT, BEN)));
            assertEquals(new Registration.Unavailable(1), get(nodes.get(0).register(call("c-6"))));
            ExecutionException away =
                Assertions.assertThrows(
                    ExecutionException.class,
                    () -> nodes.get(0).get("c-5").toCompletableFuture().get(10, TimeUnit.SECONDS));
            assertInstanceOf(RedisAway.class, away.getCause());
          });
    } finally {
      redis.thaw();
    }
    Awaitility.await().until(lanes.getFirst()::isUp);
    assertInstanceOf(
        Signalled.Moved.class, get(nodes.get(0).signal("c-5", CallSignal.REJECT, BEN)));
  }

  /** The connection is cut under signals again and again; no call moves without anybody knowing. */
  @Test
  void aSignalWhoseConnectionIsLostIsStillDecided() throws Exception {
    int movedInAll = 0;
    try (Jedis jedis = redis.connect()) {
      for (int round = 0; round < 50; round++) {
        String id = "lost-" + round;
        get(nodes.get(1).register(call(id)));
        Awaitility.await().pollInterval(Duration.ofMillis(2)).until(lanes.getFirst()::isUp);
        String clients = jedis.clientList();
        CompletableFuture<Signalled> signalled =
            nodes.get(0).signal(id, CallSignal.REJECT, BEN).toCompletableFuture();
        clients
            .lines()
            .filter(client -> client.contains("name=redis-node0"))
            .forEach(client -> jedis.clientKill(client.replaceAll(".*\\baddr=(\\S+).*", "$1")));
        boolean moved = signalled.get(10, TimeUnit.SECONDS) instanceof Signalled.Moved;
        movedInAll += moved ? 1 : 0;
        Call.State state = get(nodes.get(1).get(id)).orElseThrow().state();
        assertEquals(moved ? Call.State.REJECTED : Call.State.RINGING, state);
      }
    }
    int decided = movedInAll;
    assertTrue(decided > 25, () -> decided + " of 50 were tried until Redis was there again");
  }
}
