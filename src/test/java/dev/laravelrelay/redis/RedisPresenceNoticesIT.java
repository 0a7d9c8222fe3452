package dev.laravelrelay.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.laravelrelay.config.Secret;
import dev.laravelrelay.delivery.Notice;
import dev.laravelrelay.delivery.WebhookQueue.Queued;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.session.Session;
import dev.laravelrelay.session.SessionRegistry;
import dev.laravelrelay.session.SocketIds;
import dev.laravelrelay.testing.FakeConnection;
import dev.laravelrelay.testing.ManualClock;
import dev.laravelrelay.testing.TestRedis;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.Jedis;

@Timeout(60)
class RedisPresenceNoticesIT {

  private static final Duration GRACE = Duration.ofSeconds(10);

  private static TestRedis redis;

  private final ManualClock clock = new ManualClock(Instant.ofEpochSecond(1_000));
  private final String prefix = "test:" + UUID.randomUUID() + ":";
  private final List<Node> nodes = new ArrayList<>();
  private final List<String> told = new ArrayList<>();
  private final ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor();

  /** A node without sockets. */
  private final class Node {

    private final RedisLane lane;
    private final SessionRegistry registry = new SessionRegistry();
    private final RedisWebhookQueue queue;
    private final RedisPresenceNotices notices;

    private Node(String name) {
      RelayMetrics metrics = new RelayMetrics(new SimpleMeterRegistry());
      lane =
          new RedisLane(
              name,
              RedisClients.of(new Secret(redis.url())),
              Duration.ofSeconds(2),
              metrics,
              System::currentTimeMillis);
      lane.start();
      watch.scheduleWithFixedDelay(lane::watch, 10, RedisLane.WATCH_MILLIS, TimeUnit.MILLISECONDS);
      Awaitility.await().pollInterval(Duration.ofMillis(5)).until(lane::isUp);
      RedisNames names = new RedisNames(prefix);
      queue =
          new RedisWebhookQueue(
              lane,
              names,
              name,
              10_000,
              RedisWebhookQueue.LEASE,
              metrics,
              () -> Long.toString(clock.millis()));
      notices = new RedisPresenceNotices(queue, names, name, GRACE, registry, clock::millis);
      nodes.add(this);
      notices.sweep();
    }

    Session comes(String user) {
      Session session = new FakeConnection().session(SocketIds.next(), user);
      registry.add(session);
      notices.changed(user);
      settle();
      return session;
    }

    void leaves(Session session) {
      session.closed();
      registry.remove(session);
      notices.changed(session.user());
      settle();
    }

    /** All that was sent to Redis is done. */
    void settle() {
      queue.dead().toCompletableFuture().join();
    }

    void sweep() {
      notices.sweep();
      settle();
      settle(); // the sweep's answer is followed by another command
    }

    void leave() {
      notices.leave().join();
    }
  }

  @BeforeAll
  static void startRedis() {
    redis = TestRedis.start();
  }

  @AfterAll
  static void stopRedis() {
    redis.close();
  }

  @AfterEach
  void close() {
    watch.shutdownNow();
    nodes.forEach(node -> node.lane.close());
  }

  /** Time goes by for the living. */
  private void pass(Duration time, Node... living) {
    for (long left = time.toMillis(); left > 0; left -= 1_000) {
      clock.advance(Duration.ofMillis(Math.min(left, 1_000)));
      for (Node node : living) {
        node.sweep();
      }
    }
  }

  /** What Laravel has heard so far, each with the second at which it was. */
  private List<String> told(Node by) {
    List<Queued> claimed;
    while (!(claimed = by.queue.claim(100)).isEmpty()) {
      for (Queued one : claimed) {
        Notice notice = one.notice();
        long second = notice.occurredAt() / 1_000 - 1_000;
        told.add(notice.kind().lowerCase() + " " + notice.lane() + " " + second);
      }
      by.queue.delivered(claimed);
    }
    return told;
  }

  @Test
  void aUserWhoMovesWithinTheGraceIsSilence() {
    Node a = new Node("a");
    Node b = new Node("b");
    Session onA = a.comes("7");
    assertEquals(List.of("user_online user:7 0"), told(a));
    a.leaves(onA);
    pass(Duration.ofSeconds(9), a, b);
    Session onB = b.comes("7");
    pass(Duration.ofSeconds(30), a, b);
    assertEquals(List.of("user_online user:7 0"), told(b));

    b.leaves(onB);
    pass(Duration.ofSeconds(9), a, b);
    assertEquals(1, told(b).size());
    pass(Duration.ofSeconds(2), a, b);
    assertEquals(List.of("user_online user:7 0", "user_offline user:7 39"), told(a));
    a.comes("7");
    assertEquals(3, told(a).size());
  }

  @Test
  void whoIsOnTwoNodesLeavesWithTheLastSession() {
    Node a = new Node("a");
    Node b = new Node("b");
    Session onA = a.comes("7");
    Session onB = b.comes("7");
    Session tablet = b.comes("7");
    a.leaves(onA);
    b.leaves(onB);
    pass(Duration.ofSeconds(20), a, b);
    assertEquals(List.of("user_online user:7 0"), told(a));
    b.leaves(tablet);
    pass(Duration.ofSeconds(11), a, b);
    assertEquals(List.of("user_online user:7 0", "user_offline user:7 20"), told(a));
  }

  @Test
  void theUsersOfAKilledNodeAreToldByAnotherAfterItsLeaseAndTheGrace() {
    Node dead = new Node("dead");
    Node alive = new Node("alive");
    for (int user = 0; user < 450; user++) {
      dead.comes("u" + user);
    }
    alive.comes("u0");
    pass(Duration.ofSeconds(18), alive);
    assertEquals(450, told(alive).size());
    pass(Duration.ofSeconds(3), alive);
    Awaitility.await().until(() -> told(alive).size() == 899);
    assertEquals("user_offline", told.getLast().substring(0, 12));
    assertEquals(0, told.stream().filter(one -> one.startsWith("user_offline user:u0 ")).count());
    assertEquals(899, told.stream().distinct().count());
    assertEquals(" 9", told.getLast().substring(told.getLast().lastIndexOf(' ')));
  }

  @Test
  void ofManyNodesOneTells() {
    List<Node> all = List.of(new Node("a"), new Node("b"), new Node("c"));
    for (int user = 0; user < 30; user++) {
      Node node = all.get(user % 3);
      node.leaves(node.comes("u" + user));
    }
    clock.advance(GRACE);
    all.forEach(node -> node.notices.sweep());
    all.forEach(Node::settle);
    Awaitility.await().until(() -> told(all.getFirst()).size() == 60);
    all.forEach(Node::sweep);
    assertEquals(60, told(all.getFirst()).size());
  }

  @Test
  void aNodeThatStopsTellsNothingWhileAnotherMayTakeItsUsers() {
    Node a = new Node("a");
    Node b = new Node("b");
    a.comes("7");
    a.comes("8");
    a.leave();
    assertEquals(2, told(b).size());
    b.comes("7");
    pass(Duration.ofSeconds(11), b);
    assertEquals("user_offline user:8 0", told(b).getLast());
    assertEquals(3, told.size());
  }

  @Test
  void theLastNodeTellsThatEverybodyIsAway() {
    Node a = new Node("a");
    for (int user = 0; user < 250; user++) {
      a.comes("u" + user);
    }
    a.leave();
    assertEquals(500, told(a).size());
    a.notices.changed("u1");
    a.sweep();
    assertEquals(500, told(a).size());
  }

  @Test
  void aNodeThatWasPausedWritesItsUsersAgain() {
    Node paused = new Node("paused");
    Node other = new Node("other");
    paused.comes("7");
    pass(Duration.ofSeconds(25), other);
    assertEquals("user_offline user:7 9", told(other).getLast());
    paused.sweep();
    paused.sweep();
    assertEquals("user_online user:7 25", told(other).getLast());
    pass(Duration.ofSeconds(25), paused, other);
    assertEquals(3, told(other).size());
  }

  @Test
  void aNodeWhoseUsersAreBeingTakenWritesThemAgain() {
    Node paused = new Node("paused");
    Node other = new Node("other");
    int users = 1_500;
    for (int i = 0; i < users; i++) {
      paused.registry.add(new FakeConnection().session(SocketIds.next(), "u" + i));
      paused.notices.changed("u" + i);
    }
    Awaitility.await().untilAsserted(() -> assertEquals(users, told(other).size()));
    pass(RedisPresenceNotices.LEASE, other);
    pass(GRACE.multipliedBy(2), paused, other);
    assertEquals(users, told(other).size());
  }

  @Test
  void ifRedisLosesEverythingNobodyIsToldTwiceAndWhoLeftIsAway() {
    Node a = new Node("a");
    Node b = new Node("b");
    Session leaves = a.comes("leaves");
    a.comes("stays");
    Session moves = a.comes("moves");
    assertEquals(3, told(a).size());
    try (Jedis jedis = redis.connect()) {
      jedis.flushAll();
    }
    clock.advance(Duration.ofSeconds(1));
    a.leaves(leaves);
    a.leaves(moves);
    a.sweep();
    a.sweep();
    b.comes("moves");
    pass(Duration.ofSeconds(30), a, b);
    assertEquals(4, told(a).size(), told::toString);
    assertEquals("user_offline user:leaves", told.getLast().replaceAll(" \\d+$", ""));
  }

  @Test
  void whatRedisDidNotHearIsWrittenOnceItIsBack() {
    Node a = new Node("a");
    Session leaves = a.comes("leaves");
    redis.freeze();
    try {
      leaves.closed();
      a.registry.remove(leaves);
      a.notices.changed("leaves");
      a.registry.add(new FakeConnection().session("1.1", "comes"));
      a.notices.changed("comes");
      Awaitility.await().until(() -> !a.lane.isUp());
    } finally {
      redis.thaw();
    }
    Awaitility.await().until(a.lane::isUp);
    pass(Duration.ofSeconds(12), a);
    Awaitility.await().until(() -> told(a).size() == 3);
    assertEquals(
        List.of("user_offline user:leaves", "user_online user:comes", "user_online user:leaves"),
        told.stream().map(one -> one.replaceAll(" \\d+$", "")).sorted().toList());
  }
}
