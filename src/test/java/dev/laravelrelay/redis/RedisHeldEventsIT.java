package dev.laravelrelay.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.config.DeliveryConfig;
import dev.laravelrelay.config.Secret;
import dev.laravelrelay.delivery.HeldEventsContract;
import dev.laravelrelay.testing.TestRedis;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

class RedisHeldEventsIT extends HeldEventsContract {

  private static TestRedis redis;

  private final String prefix = "test:" + UUID.randomUUID() + ":";
  private final List<RedisLane> lanes = new ArrayList<>();
  private final List<RedisHeldEvents> holding = new ArrayList<>();

  @BeforeAll
  static void startRedis() {
    redis = TestRedis.start();
  }

  @AfterAll
  static void stopRedis() {
    redis.close();
  }

  @AfterEach
  void closeLanes() {
    lanes.forEach(RedisLane::close);
  }

  @Override
  protected RedisHeldEvents create(DeliveryConfig limits) {
    return create(limits, () -> Long.toString(now.get()));
  }

  private RedisHeldEvents create(DeliveryConfig limits, Supplier<String> clock) {
    RedisLane lane =
        new RedisLane(
            "test" + lanes.size(),
            RedisClients.of(new Secret(redis.url())),
            Duration.ofSeconds(2),
            metrics,
            System::currentTimeMillis);
    lanes.add(lane);
    lane.start();
    Awaitility.await().pollInterval(Duration.ofMillis(5)).until(lane::isUp);
    return new RedisHeldEvents(lane, lane, new RedisNames(prefix), "me", limits, metrics, clock);
  }

  @Test
  void anotherNodeSeesTheSame() throws Exception {
    RedisHeldEvents one = create(LIMITS);
    RedisHeldEvents other = create(LIMITS);
    hold(one, "1", event("a"), event("b"));
    await(other.release("1", "a"));
    assertEquals(List.of("b"), ids(one, "1"));
    assertEquals(List.of("b"), ids(other, "1"));
  }

  @Test
  void theClockOfANodeDoesNotMatter() throws Exception {
    RedisHeldEvents held = create(LIMITS, () -> "");
    now.set(System.currentTimeMillis() - 3_600_000);
    hold(held, "1", event("behind", 30, null));
    now.set(System.currentTimeMillis() + 3_600_000);
    hold(held, "1", event("ahead", 30, null));
    assertEquals(List.of("behind", "ahead"), ids(held, "1"));
    try (Jedis jedis = redis.connect()) {
      assertTrue(jedis.pttl(prefix + "held:{1}") <= 90_000);
    }
  }

  @Test
  void aHoldEndsByRedissOwnClock() throws Exception {
    RedisHeldEvents held = create(LIMITS, () -> "");
    hold(held, "1", event("short", 4, null), event("long", 30, null));
    assertEquals(List.of("short", "long"), ids(held, "1"));
    Awaitility.await()
        .atMost(Duration.ofSeconds(15))
        .untilAsserted(() -> assertEquals(List.of("long"), ids(held, "1")));
  }

  @Test
  void everyKeyGoesByItself() throws Exception {
    RedisHeldEvents held = create(LIMITS);
    hold(held, "1", event("a", 10, "key"), event("b", 86_400, null));
    hold(held, "{2}%", event("c", 10, null));
    await(held.release("1", "a"));
    try (Jedis jedis = redis.connect()) {
      List<String> keys = List.copyOf(jedis.keys(prefix + "*"));
      assertEquals(6, keys.size(), keys::toString);
      keys.forEach(key -> assertTrue(jedis.pttl(key) > 0, key));
      await(held.release("1", "b"));
      await(held.drop("{2}%"));
      assertEquals(0, jedis.keys(prefix + "*").size());
    }
  }

  /** A node that tells what expires. */
  private RedisExpiry telling(List<String> told) {
    RedisHeldEvents held = create(LIMITS);
    RedisExpiry expiry = expiry(lanes.getLast(), held, told);
    held.watchExpiry(expiry);
    holding.add(held);
    return expiry;
  }

  private RedisExpiry expiry(RedisLane lane, RedisHeldEvents held, List<String> told) {
    return new RedisExpiry(
        lane,
        lane,
        new RedisNames(prefix),
        held,
        (user, event) -> told.add(user + " " + event.id()),
        () -> Long.toString(now.get()));
  }

  private long expiring() {
    try (Jedis jedis = redis.connect()) {
      return jedis.zcard(prefix + "expiring");
    }
  }

  @Test
  void whatExpiresIsToldByOneNode() throws Exception {
    List<String> told = new CopyOnWriteArrayList<>();
    List<RedisExpiry> nodes = List.of(telling(told), telling(told), telling(told));
    for (int user = 0; user < 20; user++) {
      hold(holding.get(user % 3), "u" + user, event("a" + user, 10, null));
      hold(holding.get(user % 3), "u" + user, event("b" + user, 30, null));
    }
    await(holding.get(0).release("u0", "a0"));
    nodes.forEach(RedisExpiry::sweep);
    now.addAndGet(10_000);
    nodes.forEach(RedisExpiry::sweep);
    Awaitility.await().until(() -> told.size() == 19);
    now.addAndGet(20_000);
    Awaitility.await()
        .until(
            () -> {
              nodes.forEach(RedisExpiry::sweep);
              return told.size() >= 39 && expiring() == 0;
            });
    assertEquals(39, told.size());
    assertEquals(39, told.stream().distinct().count());
    assertTrue(told.contains("u7 a7"));
    assertFalse(told.contains("u0 a0"));
  }

  @Test
  void whoAsksFirstTells() throws Exception {
    List<String> told = new CopyOnWriteArrayList<>();
    RedisExpiry expiry = telling(told);
    hold(holding.getFirst(), "1", event("a", 10, null), event("b", 30, null));
    now.addAndGet(10_000);
    assertEquals(List.of("b"), ids(holding.getFirst(), "1"));
    assertEquals(List.of("1 a"), told);
    expiry.sweep();
    now.addAndGet(20_000);
    assertEquals(0, await(holding.getFirst().drop("1")));
    assertEquals(List.of("1 a", "1 b"), told);
  }

  @Test
  void aNodeThatDiesWhileItLooksIsFollowedByAnother() throws Exception {
    List<String> told = new CopyOnWriteArrayList<>();
    telling(told);
    RedisExpiry alive = telling(told);
    hold(holding.getFirst(), "1", event("a", 10, null));
    Awaitility.await().until(() -> expiring() == 1);
    now.addAndGet(10_000);
    lanes.getFirst().close();
    expiry(lanes.getLast(), holding.getFirst(), told).sweep(); // takes the user, and cannot look
    Awaitility.await()
        .until(
            () -> {
              now.addAndGet(1_000);
              alive.sweep();
              return told.size() == 1;
            });
    assertEquals(List.of("1 a"), told);
  }

  @Test
  void aRedisThatForgotItsScriptsIsGivenThemAgain() throws Exception {
    RedisHeldEvents held = create(LIMITS);
    hold(held, "1", event("a"));
    try (Jedis jedis = redis.connect()) {
      jedis.scriptFlush();
    }
    hold(held, "1", event("b"));
    try (Jedis jedis = redis.connect()) {
      jedis.scriptFlush();
    }
    assertEquals(List.of("a", "b"), ids(held, "1"));
  }
}
