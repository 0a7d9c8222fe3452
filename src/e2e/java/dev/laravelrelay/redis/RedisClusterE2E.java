package dev.laravelrelay.redis;

import static dev.laravelrelay.redis.TestNode.soon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.delivery.Emission;
import dev.laravelrelay.delivery.Verdict;
import dev.laravelrelay.event.EmitRequest;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.event.Terms;
import dev.laravelrelay.testing.ClusterRedis;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two nodes over a Redis Cluster, whose masters die and whose slots move. */
@Timeout(120)
class RedisClusterE2E {

  private static final String USER = "42";
  private static final Target TO_USER = new Target.User(USER);
  private static final Terms PLAIN = new Terms(0, 0, null, null);
  private static final Terms HOLD = new Terms(120, 0, null, null);
  private static final Terms CONFIRM = new Terms(120, 2_000, null, null);
  private static final List<String> USERS =
      IntStream.range(0, 60).mapToObj(Integer::toString).toList();

  private ClusterRedis redis;
  private TestNode a;
  private TestNode b;

  @BeforeEach
  void start() throws Exception {
    redis = ClusterRedis.start();
    a = new TestNode(redis.url(), "test:");
    b = new TestNode(redis.url(), "test:");
    assertNull(a.engine.problem());
  }

  @AfterEach
  void stop() {
    a.close();
    b.close();
    redis.close();
  }

  @Test
  void usersOfEverySlotAreReachedOnOtherNodesAndHeldForWhileAway() throws Exception {
    assertEquals(Set.of(0, 1, 2), masters());
    for (String user : USERS) {
      Target target = new Target.User(user);
      assertEquals(Verdict.OFFLINE, a.accepted(target, PLAIN).verdict());
      String held = a.accepted(target, HOLD).id();
      TestNode.Phone phone = b.phone(user);
      assertEquals(List.of(held), phone.ids());
      phone.answer();
      assertEquals(Verdict.SENT, a.accepted(target, PLAIN).verdict());
      Emission.Accepted confirmed = a.answered(TestNode.event(target, CONFIRM), phone);
      assertEquals(Verdict.CONFIRMED, confirmed.verdict());
      assertEquals(1, confirmed.sessions());
      assertEquals(confirmed.id(), phone.ids().getLast());
    }
  }

  @Test
  void oneEmitToUsersOfManySlotsChannelsAndEveryoneReachesEachOnce() throws Exception {
    List<TestNode.Phone> phones = new ArrayList<>();
    for (String user : USERS) {
      phones.add(b.phone(user));
    }
    phones.getFirst().join("orders.1");
    phones.getLast().join("orders.2");
    String many = a.accepted(new Target.Users(USERS), PLAIN).id();
    String channels = a.accepted(new Target.Channels(List.of("orders.1", "orders.2")), PLAIN).id();
    String everyone = a.accepted(new Target.Everyone(), PLAIN).id();
    for (TestNode.Phone phone : phones) {
      boolean joined = phone == phones.getFirst() || phone == phones.getLast();
      Set<String> expected = new TreeSet<>(List.of(many, everyone));
      if (joined) {
        expected.add(channels);
      }
      soon(() -> assertEquals(expected, new TreeSet<>(phone.ids())));
      assertEquals(expected.size(), phone.ids().size());
    }
  }

  @Test
  void presenceAndIdsAreKnownOnEveryNode() throws Exception {
    for (String user : USERS) {
      TestNode.Phone phone = b.phone(user);
      soon(() -> assertEquals(1, online(user)));
      EmitRequest request = new EmitRequest(TestNode.event(new Target.User(user), PLAIN), true, 7);
      a.emitter.emit(request).get(5, TimeUnit.SECONDS);
      Emission repeated = b.emitter.emit(request).get(5, TimeUnit.SECONDS);
      assertTrue(assertInstanceOf(Emission.Accepted.class, repeated).duplicate());
      soon(() -> assertEquals(List.of(request.event().id()), phone.ids()));
      phone.leave();
      soon(() -> assertEquals(0, online(user)));
    }
  }

  @Test
  void aPromotedReplicaIsFollowedAndNothingHeldIsLost() throws Exception {
    TestNode.Phone phone = b.phone(USER);
    List<String> held = new ArrayList<>();
    String away = "away";
    for (int i = 0; i < 50; i++) {
      held.add(a.accepted(new Target.User(away), HOLD).id());
    }
    redis.awaitReplication(keyOf(USER));
    redis.awaitReplication(keyOf(away));
    redis.killMasterOf(keyOf(USER));
    long killed = System.nanoTime();
    soon(() -> assertNotNull(a.engine.problem()));
    long asked = System.nanoTime();
    assertInstanceOf(Emission.Unavailable.class, a.emit(TestNode.event(TO_USER, CONFIRM)));
    assertTrue(millis(asked, System.nanoTime()) < 5_000);
    redis.awaitFailover(keyOf(USER));
    long promoted = System.nanoTime();
    soon(
        () ->
            assertEquals(
                Verdict.CONFIRMED, a.answered(TestNode.event(TO_USER, CONFIRM), phone).verdict()));
    long whole = System.nanoTime();
    soon(() -> assertNull(a.engine.problem()));
    soon(() -> assertNull(b.engine.problem()));
    System.out.printf(
        "Cluster: promoted %d ms after the kill, confirmed again %d ms later%n",
        millis(killed, promoted), millis(promoted, whole));
    assertTrue(millis(promoted, whole) < 15_000, "whole after " + millis(promoted, whole));
    assertEquals(held, b.phone(away).ids());
  }

  @Test
  void aSlotMovesUnderLoadAndEveryEventComesInOrder() throws Exception {
    TestNode.Phone phone = b.phone(USER);
    List<String> accepted = new ArrayList<>();
    int emitted = 0;
    CompletableFuture<Void> moving = null;
    for (int after = 0; after < 300; emitted++) {
      if (emitted == 100) {
        moving = CompletableFuture.runAsync(() -> redis.move(keyOf(USER)));
      }
      Event event = TestNode.event(TO_USER, HOLD);
      if (a.emit(event) instanceof Emission.Accepted) {
        accepted.add(event.id());
      }
      after += moving != null && moving.isDone() ? 1 : 0;
    }
    moving.get();
    soon(() -> assertTrue(phone.ids().containsAll(accepted)));
    assertEquals(accepted, phone.ids().stream().distinct().filter(accepted::contains).toList());
    soon(
        () ->
            assertEquals(
                Verdict.CONFIRMED, a.answered(TestNode.event(TO_USER, CONFIRM), phone).verdict()));
    System.out.printf(
        "Cluster: a slot moved under %d emits, %d refused%n", emitted, emitted - accepted.size());
  }

  @Test
  void aClusterThatIsNotThereIsOneSentence() {
    try (TestNode stranger = new TestNode("redis-cluster://127.0.0.1:1", "test:")) {
      String problem = String.valueOf(stranger.engine.problem());
      assertTrue(problem.startsWith("the slots of the Redis Cluster are not known yet"), problem);
    }
  }

  private Set<Integer> masters() {
    Set<Integer> masters = new TreeSet<>();
    USERS.forEach(user -> masters.add(redis.first(keyOf(user))));
    return masters;
  }

  private static String keyOf(String user) {
    return "test:u:{" + user + "}";
  }

  private int online(String user) throws Exception {
    return a.engine.presence().of(user).toCompletableFuture().get(5, TimeUnit.SECONDS).size();
  }

  private static long millis(long from, long to) {
    return (to - from) / 1_000_000;
  }
}
