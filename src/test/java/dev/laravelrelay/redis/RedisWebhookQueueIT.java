package dev.laravelrelay.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.config.Secret;
import dev.laravelrelay.delivery.Notice;
import dev.laravelrelay.delivery.WebhookQueue;
import dev.laravelrelay.delivery.WebhookQueue.Queued;
import dev.laravelrelay.delivery.WebhookQueueContract;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.testing.TestRedis;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Jedis;

class RedisWebhookQueueIT extends WebhookQueueContract {

  private static final Duration LEASE = Duration.ofSeconds(15);

  private static TestRedis redis;

  private final List<RedisLane> lanes = new ArrayList<>();
  private final List<RedisWebhookQueue> queues = new CopyOnWriteArrayList<>();
  private final AtomicInteger prefixes = new AtomicInteger();
  private final String test = UUID.randomUUID().toString();
  private final ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor();

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
    watch.shutdownNow();
    lanes.forEach(RedisLane::close);
  }

  private RedisLane lane() {
    RelayMetrics metrics = new RelayMetrics(new SimpleMeterRegistry());
    RedisLane lane =
        new RedisLane(
            "test",
            RedisClients.of(new Secret(redis.url())),
            Duration.ofSeconds(2),
            metrics,
            System::currentTimeMillis);
    lanes.add(lane);
    lane.start();
    Awaitility.await().pollInterval(Duration.ofMillis(5)).until(lane::isUp);
    watch.scheduleWithFixedDelay(lane::watch, 10, RedisLane.WATCH_MILLIS, TimeUnit.MILLISECONDS);
    return lane;
  }

  @Override
  protected WebhookQueue create(int limit, RelayMetrics metrics) {
    RedisLane lane = lanes.isEmpty() ? lane() : lanes.getFirst();
    return create(lane, test + prefixes.incrementAndGet() + ":", "me", limit, metrics);
  }

  private RedisWebhookQueue create(
      RedisLane lane, String prefix, String node, int limit, RelayMetrics metrics) {
    RedisWebhookQueue queue =
        new RedisWebhookQueue(
            lane,
            new RedisNames(prefix),
            node,
            limit,
            LEASE,
            metrics,
            () -> Long.toString(clock.millis()));
    queues.add(queue);
    return queue;
  }

  /** The queue of another node, on a connection of its own. */
  private RedisWebhookQueue node(String name) {
    return create(lane(), test, name, 10_000, new RelayMetrics(new SimpleMeterRegistry()));
  }

  private void tickAlways() {
    watch.scheduleWithFixedDelay(
        () -> queues.forEach(RedisWebhookQueue::tick), 10, 10, TimeUnit.MILLISECONDS);
  }

  @Test
  void whatOneNodeAddsTheOtherSends() {
    WebhookQueue one = node("one");
    WebhookQueue other = node("other");
    add(one, "a", 1);
    assertEquals(0, one.unkept());
    List<Queued> claimed = other.claim(10);
    assertEquals(List.of("a1"), ids(claimed));
    assertEquals(List.of(), one.claim(10));
    Notice next = add(one, "a", 2);
    assertNull(one.claim(next));
    other.delivered(claimed);
    assertEquals(
        List.of("a2"), ids(Awaitility.await().until(() -> one.claim(10), l -> !l.isEmpty())));
  }

  @Test
  void whoWaitsForTheAnswerIsTheOneToSend() {
    WebhookQueue asks = node("asks");
    WebhookQueue other = node("other");
    Notice question = notice("a", 1);
    get(asks.add(question, true));
    add(other, "b", 1);
    clock.advance(Duration.ofMillis(1_999));
    List<Queued> rest = other.claim(10);
    assertEquals(List.of("b1"), ids(rest));
    assertNotNull(asks.claim(question));

    Notice abandoned = notice("c", 1);
    get(asks.add(abandoned, true));
    clock.advance(Duration.ofSeconds(2));
    assertEquals(List.of("c1"), ids(other.claim(10)));
  }

  @Test
  void whatADeadNodeHadClaimedIsSentByAnotherOnceItsLeaseIsOver() {
    WebhookQueue dead = node("dead");
    WebhookQueue alive = node("alive");
    add(dead, "a", 1);
    add(dead, "a", 2);
    assertEquals(List.of("a1", "a2"), ids(dead.claim(10)));
    clock.advance(LEASE.minusMillis(1));
    assertEquals(List.of(), alive.claim(10));
    clock.advance(Duration.ofMillis(1));
    List<Queued> taken = alive.claim(10);
    assertEquals(List.of("a1", "a2"), ids(taken));
    assertEquals(0, taken.getFirst().attempts());
    alive.delivered(taken);
    assertSize(0, alive);
  }

  @Test
  void aNodeThatWasTooLateDisturbsNobody() {
    WebhookQueue late = node("late");
    WebhookQueue other = node("other");
    add(late, "a", 1);
    add(late, "a", 2);
    List<Queued> first = late.claim(10);
    clock.advance(LEASE);
    List<Queued> second = other.claim(1);
    assertEquals(List.of("a1"), ids(second));

    late.refused(first, Duration.ofHours(1));
    late.release(first);
    assertEquals(List.of(), late.claim(10));
    late.delivered(first);
    add(late, "a", 3);
    assertEquals(List.of(), late.claim(10));
    other.delivered(second);
    assertEquals(
        List.of("a3"), ids(Awaitility.await().until(() -> late.claim(10), l -> !l.isEmpty())));
  }

  @Test
  void theDeadOfOneNodeAreSentAgainByTheOther() {
    WebhookQueue one = node("one");
    WebhookQueue other = node("other");
    Notice notice = add(one, "a", 1);
    Queued claimed = one.claim(notice);
    assertNotNull(claimed);
    one.died(claimed, "Laravel answers 500");
    Awaitility.await().until(() -> get(other.dead()).size() == 1);
    assertTrue(get(other.retry("a1")));
    assertFalse(get(one.retry("a1")));
    assertEquals(List.of("a1"), ids(one.claim(10)));
  }

  @Test
  void aRelayThatStartsAgainFindsAllThatWasQueued() {
    RedisWebhookQueue before = node("before");
    for (int number = 1; number <= 50; number++) {
      add(before, "a", number);
    }
    lanes.getLast().close();
    List<Queued> found = node("after").claim(100);
    assertEquals(50, found.size());
    assertEquals("a1", found.getFirst().notice().id());
  }

  @Test
  void ofManyNodesOneSendsALaneAtATime() throws Exception {
    List<RedisWebhookQueue> nodes = List.of(node("a"), node("b"), node("c"));
    int lanesCount = 10;
    int each = 60;
    for (int number = 0; number < each; number++) {
      for (int lane = 0; lane < lanesCount; lane++) {
        nodes.get(number % 3).add(notice("l" + lane + "-", number), false);
      }
    }
    Awaitility.await().until(() -> nodes.stream().allMatch(node -> node.unkept() == 0));
    Set<String> underWay = new HashSet<>();
    List<Notice> delivered = new CopyOnWriteArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> done = new ArrayList<>();
      for (RedisWebhookQueue node : nodes) {
        done.add(
            threads.submit(
                () -> {
                  for (int round = 0; delivered.size() < lanesCount * each; round++) {
                    send(node, round, underWay, delivered);
                  }
                }));
      }
      for (Future<?> one : done) {
        one.get(30, TimeUnit.SECONDS);
      }
    }
    assertEquals(lanesCount * each, delivered.size());
    assertEquals(lanesCount * each, delivered.stream().map(Notice::id).distinct().count());
  }

  private static void send(
      RedisWebhookQueue node, int round, Set<String> underWay, List<Notice> delivered) {
    List<Queued> claimed = node.claim(7);
    List<String> lanes = claimed.stream().map(one -> one.notice().lane()).distinct().toList();
    synchronized (underWay) {
      lanes.forEach(lane -> assertTrue(underWay.add(lane), lane));
    }
    if (round % 5 != 4) {
      claimed.forEach(one -> delivered.add(one.notice()));
    }
    synchronized (underWay) {
      lanes.forEach(underWay::remove);
    }
    if (round % 5 == 4) {
      node.release(claimed);
    } else {
      node.delivered(claimed);
    }
  }

  @Test
  void whileRedisIsAwayNothingIsLostAndTheOrderIsKept() {
    RedisWebhookQueue queue = node("me");
    tickAlways();
    add(queue, "a", 1);
    List<Queued> underWay = queue.claim(10);
    redis.freeze();
    List<CompletableFuture<Void>> adding = new ArrayList<>();
    try {
      queue.delivered(underWay);
      for (int number = 2; number <= 500; number++) {
        long start = System.nanoTime();
        adding.add(queue.add(notice("a", number), false).toCompletableFuture());
        assertTrue(System.nanoTime() - start < Duration.ofSeconds(5).toNanos());
      }
      assertEquals(List.of(), queue.claim(10));
      assertTrue(queue.unkept() > 0);
    } finally {
      redis.thaw();
    }
    CompletableFuture.allOf(adding.toArray(CompletableFuture[]::new)).join();
    assertEquals(0, queue.unkept());
    clock.advance(LEASE); // of the claim that Redis carried out and nobody heard of
    List<Queued> all = Awaitility.await().until(() -> queue.claim(1_000), l -> !l.isEmpty());
    List<Long> numbers = all.stream().map(one -> one.notice().occurredAt()).distinct().toList();
    assertEquals(numbers.stream().sorted().toList(), numbers);
    assertEquals(499, numbers.stream().filter(number -> number > 1).count());
  }

  @Test
  void whatWaitsForRedisIsBoundedAndCounted() {
    RedisWebhookQueue queue = create(lane(), test, "me", 5, new RelayMetrics(meters));
    redis.freeze();
    try {
      for (int number = 0; number < 1_000; number++) {
        queue.add(notice("a", number), false);
      }
      assertTrue(queue.unkept() <= 5 + 200, () -> queue.unkept() + " unkept");
      assertTrue(meters.get("relay_webhooks_dropped").tag("limit", "full").counter().count() > 700);
    } finally {
      redis.thaw();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lane:a", "notices", "order", "due", "sums"})
  void whatRedisEvictsDoesNotStopTheRest(String key) {
    RedisWebhookQueue queue = node("me");
    add(queue, "a", 1);
    try (Jedis jedis = redis.connect()) {
      assertEquals(1, jedis.del(test + "hooks:{hooks}:" + key));
    }
    add(queue, "b", 1);
    List<Queued> claimed = queue.claim(10);
    assertTrue(ids(claimed).contains("b1"), () -> ids(claimed).toString());
    queue.delivered(claimed);
    assertEquals(List.of(), queue.claim(10));
  }

  @Test
  void everythingIsInOneSlotAndNothingIsLeftOfWhatIsDone() {
    RedisWebhookQueue queue = node("me");
    for (int number = 0; number < 10; number++) {
      add(queue, "a" + number % 3, number);
    }
    queue.refused(queue.claim(3), Duration.ofSeconds(1));
    queue.release(queue.claim(10));
    clock.advance(Duration.ofSeconds(1));
    try (Jedis jedis = redis.connect()) {
      assertTrue(jedis.keys(test + "*").stream().allMatch(key -> key.contains("{hooks}")));
      while (queue.size() > 0) {
        queue.delivered(queue.claim(10));
      }
      assertEquals(Set.of(test + "hooks:{hooks}:sums"), jedis.keys(test + "hooks*"));
      assertEquals("0", jedis.hget(test + "hooks:{hooks}:sums", "bytes"));
    }
  }
}
