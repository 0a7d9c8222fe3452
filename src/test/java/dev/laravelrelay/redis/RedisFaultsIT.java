package dev.laravelrelay.redis;

import static dev.laravelrelay.redis.TestNode.soon;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.delivery.Emission;
import dev.laravelrelay.delivery.Verdict;
import dev.laravelrelay.event.EmitRequest;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.event.Terms;
import dev.laravelrelay.testing.TestRedis;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.params.ClientKillParams;

/** What Redis does in real life. */
@Timeout(90)
class RedisFaultsIT {

  private static final Target USER = new Target.User("42");
  private static final Terms HOLD = new Terms(60, 0, null, null);

  private TestRedis redis;
  private TestNode a;
  private TestNode b;

  @BeforeEach
  void start() throws Exception {
    redis = TestRedis.start();
    a = new TestNode(redis.url(), "test:");
    b = new TestNode(redis.url(), "test:");
  }

  @AfterEach
  void stop() {
    a.close();
    b.close();
    redis.close();
  }

  @Test
  void whileRedisIsDeadLocalUsersGetTheirEventsAndOthersAreNotTaken() throws Exception {
    TestNode.Phone here = a.phone("42");
    b.phone("7");
    redis.kill();
    soon(() -> assertNotNull(a.engine.problem()));
    Emission.Accepted local = a.accepted(USER, HOLD);
    assertEquals(Verdict.SENT, local.verdict());
    assertEquals(0, local.heldUntil());
    soon(() -> assertTrue(here.ids().contains(local.id())));
    for (Terms terms : List.of(Terms.NONE, HOLD, new Terms(0, 1_000, null, null))) {
      assertUnavailable(new Target.User("7"), terms);
    }
    assertUnavailable(new Target.Channels(List.of("orders")), Terms.NONE);
    assertUnavailable(new Target.Users(List.of("42", "7")), Terms.NONE);
  }

  @Test
  void aRestartedRedisIsUsedAgainWithinTwoSeconds() throws Exception {
    TestNode.Phone phone = b.phone("42");
    List<TestNode.Phone> many = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      many.add(b.phone("many" + i));
    }
    redis.restart();
    long back = System.nanoTime();
    soon(() -> assertEquals(Verdict.SENT, accepted(a, Terms.NONE).verdict()));
    soon(
        () -> {
          assertNull(a.engine.problem());
          assertNull(b.engine.problem());
        });
    long millis = (System.nanoTime() - back) / 1_000_000;
    System.out.println("whole again " + millis + " ms after Redis was, with 2,000 users");
    assertTrue(millis < 10_000, "whole after " + millis + " ms");
    Emission.Accepted sent = a.accepted(new Target.User("many1999"), Terms.NONE);
    assertEquals(Verdict.SENT, sent.verdict());
    soon(() -> assertEquals(List.of(sent.id()), many.getLast().ids()));
    soon(() -> assertFalse(phone.ids().isEmpty()));
  }

  @Test
  void aFrozenRedisKeepsNobodyWaiting() throws Exception {
    TestNode.Phone here = a.phone("42");
    redis.freeze();
    int slow = 0;
    for (int i = 0; i < 20; i++) {
      long start = System.nanoTime();
      assertInstanceOf(
          Emission.Unavailable.class, a.emit(TestNode.event(new Target.User("7"), HOLD)));
      slow += System.nanoTime() - start > 500_000_000 ? 1 : 0;
    }
    assertTrue(slow <= 2, slow + " refusals took more than 500 ms");
    Emission.Accepted local = a.accepted(USER, Terms.NONE);
    assertEquals(Verdict.SENT, local.verdict());
    redis.thaw();
    soon(() -> assertNull(a.engine.problem()));
    Emission.Accepted after = a.accepted(USER, Terms.NONE);
    soon(() -> assertEquals(List.of(local.id(), after.id()), here.ids()));
  }

  @Test
  void anIdThatWasRefusedWhileRedisWasFrozenIsFreeOnEveryNodeSoonAfterwards() throws Exception {
    Target absent = new Target.User("7");
    emit(a, new EmitRequest(TestNode.event(absent, HOLD), true, 7)); // Redis knows the scripts
    List<EmitRequest> refused = new ArrayList<>();
    redis.freeze();
    for (int i = 0; i < 10; i++) {
      EmitRequest request = new EmitRequest(TestNode.event(absent, HOLD), true, 7);
      assertInstanceOf(Emission.Unavailable.class, emit(a, request));
      refused.add(request);
    }
    redis.thaw();
    long back = System.nanoTime();
    soon(() -> assertNull(a.engine.problem()));
    soon(() -> assertNull(b.engine.problem()));
    for (EmitRequest request : refused) {
      soon(() -> assertInstanceOf(Emission.Accepted.class, emit(b, request)));
    }
    long millis = (System.nanoTime() - back) / 1_000_000;
    System.out.println("refused ids are taken " + millis + " ms after Redis thawed");
    assertTrue(millis < RedisEmittedIds.LEASE_MILLIS / 2, millis + " ms");
  }

  private static Emission emit(TestNode node, EmitRequest request) throws Exception {
    return node.emitter.emit(request).get(15, TimeUnit.SECONDS);
  }

  @Test
  void anEventThatWentOutLocallyIsNotHeardAgainWhenRedisThaws() throws Exception {
    TestNode.Phone here = a.phone("42");
    redis.freeze();
    Emission.Accepted local = a.accepted(USER, Terms.NONE);
    redis.thaw();
    soon(() -> assertNull(a.engine.problem()));
    Emission.Accepted after = a.accepted(USER, Terms.NONE);
    soon(() -> assertEquals(List.of(local.id(), after.id()), here.ids()));
  }

  @Test
  void anIdThatReachedNobodyWhileRedisWasAwayIsDeliveredWhenItIsSentAgain() throws Exception {
    EmitRequest request = new EmitRequest(TestNode.event(USER, HOLD), true, 7);
    redis.freeze();
    assertInstanceOf(Emission.Unavailable.class, emit(a, request));
    redis.thaw();
    soon(() -> assertNull(a.engine.problem()));
    TestNode.Phone phone = a.phone("42");
    soon(() -> assertInstanceOf(Emission.Accepted.class, emit(a, request)));
    soon(
        () ->
            assertEquals(List.of(request.event().id()), phone.ids().stream().distinct().toList()));
  }

  @Test
  void whoCameBackWhileRedisWasAwayIsGivenWhatHisOldSocketWas() throws Exception {
    TestNode.Phone halfOpen = b.phone("42");
    Emission.Accepted held = a.accepted(USER, HOLD);
    soon(() -> assertEquals(List.of(held.id()), halfOpen.ids()));
    redis.freeze();
    soon(() -> assertNotNull(b.engine.problem()));
    TestNode.Phone back = b.phone("42");
    assertEquals(List.of(), back.ids());
    redis.thaw();
    soon(() -> assertEquals(List.of(held.id()), back.ids()));
  }

  @Test
  void aRedisThatBecomesAReplicaIsLeftUntilItIsAMasterAgain() throws Exception {
    TestNode.Phone phone = b.phone("42");
    try (Jedis jedis = redis.connect()) {
      jedis.replicaof("127.0.0.1", 1);
      soon(() -> assertInstanceOf(Emission.Unavailable.class, a.emit(TestNode.event(USER, HOLD))));
      for (TestNode node : List.of(a, b)) {
        soon(() -> assertNotNull(node.engine.problem()));
        soon(() -> assertTrue(node.count("relay_redis_subscriptions_lost") > 0));
      }
      soon(() -> assertTrue(a.engine.problem().contains("replica"), a.engine::problem));
      jedis.replicaofNoOne();
    }
    soon(() -> assertNull(a.engine.problem()));
    soon(() -> assertNull(b.engine.problem()));
    Emission.Accepted after = a.accepted(USER, HOLD);
    assertEquals(Verdict.SENT, after.verdict());
    soon(() -> assertTrue(phone.ids().contains(after.id())));
  }

  @Test
  void nothingHeldIsLostOrOutOfOrderWhenTheSubscriptionIsKilled() throws Exception {
    TestNode.Phone phone = b.phone("42");
    List<String> sent = new ArrayList<>();
    for (int round = 0; round < 3; round++) {
      try (Jedis jedis = redis.connect()) {
        jedis.clientKill(new ClientKillParams().type(ClientType.PUBSUB));
      }
      for (int i = 0; i < 20; i++) {
        sent.add(a.accepted(USER, HOLD).id());
      }
      soon(() -> assertTrue(phone.ids().containsAll(sent), () -> missing(sent, phone.ids())));
    }
    assertEquals(sent, phone.ids().stream().distinct().toList());
    assertTrue(b.count("relay_recovered_events") > 0);
  }

  @Test
  void aRedisThatPausesFiveSecondsLosesNothingThatItHolds() throws Exception {
    TestNode.Phone phone = b.phone("42");
    List<String> taken = new ArrayList<>();
    taken.add(a.accepted(USER, HOLD).id());
    redis.freeze();
    soon(() -> assertNotNull(b.engine.problem()));
    assertUnavailable(USER, HOLD);
    await()
        .atMost(Duration.ofSeconds(15))
        .until(() -> b.count("relay_redis_subscriptions_lost") > 0);
    redis.thaw();
    long back = System.nanoTime();
    soon(() -> taken.add(accepted(a, HOLD).id()));
    soon(() -> assertTrue(phone.ids().containsAll(taken)));
    System.out.println(
        "held and heard again "
            + (System.nanoTime() - back) / 1_000_000
            + " ms after a pause that broke the subscription");
  }

  @Test
  void forgottenScriptsAreSentAgain() throws Exception {
    TestNode.Phone phone = b.phone("42");
    List<String> sent = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      sent.add(a.accepted(USER, HOLD).id());
      try (Jedis jedis = redis.connect()) {
        jedis.scriptFlush();
      }
    }
    soon(() -> assertEquals(sent, phone.ids()));
  }

  @Test
  void aFullRedisRefusesWhatIsToBeHeldAndCarriesTheRest() throws Exception {
    TestNode.Phone phone = b.phone("42");
    Emission.Accepted kept = a.accepted(new Target.User("7"), HOLD);
    try (Jedis jedis = redis.connect()) {
      jedis.configSet("maxmemory-policy", "noeviction");
      jedis.configSet("maxmemory", "1");
      assertUnavailable(USER, HOLD);
      Emission.Accepted sent = a.accepted(USER, Terms.NONE);
      assertEquals(Verdict.SENT, sent.verdict());
      soon(() -> assertEquals(List.of(sent.id()), phone.ids()));
      jedis.configSet("maxmemory", "0");
    }
    assertEquals(List.of(kept.id()), a.phone("7").ids());
    assertEquals(Verdict.SENT, a.accepted(USER, HOLD).verdict());
  }

  @Test
  void whoConnectsWhileRedisIsAwayGetsWhatIsHeldAfterwards() throws Exception {
    Emission.Accepted held = a.accepted(USER, HOLD);
    assertEquals(Verdict.HELD, held.verdict());
    redis.freeze();
    soon(() -> assertNotNull(b.engine.problem()));
    TestNode.Phone phone = b.phone("42");
    assertEquals(List.of(), phone.ids());
    redis.thaw();
    soon(() -> assertEquals(List.of(held.id()), phone.ids()));
  }

  @Test
  void tooManyAtOnceAreRefusedAtOnceAndMemoryStaysBounded() throws Exception {
    b.phone("42");
    redis.freeze();
    long start = System.nanoTime();
    List<Emission> all =
        IntStream.range(0, 50_000)
            .mapToObj(i -> a.emitting(TestNode.event(USER, Terms.NONE)))
            .toList()
            .stream()
            .map(CompletableFuture::join)
            .toList();
    long millis = (System.nanoTime() - start) / 1_000_000;
    assertTrue(all.stream().allMatch(Emission.Unavailable.class::isInstance));
    assertTrue(millis < 20_000, "refused after " + millis + " ms");
    redis.thaw();
  }

  private Emission.Accepted accepted(TestNode node, Terms terms) throws Exception {
    return assertInstanceOf(Emission.Accepted.class, node.emit(TestNode.event(USER, terms)));
  }

  private void assertUnavailable(Target target, Terms terms) throws Exception {
    assertInstanceOf(Emission.Unavailable.class, a.emit(TestNode.event(target, terms)));
  }

  private static String missing(List<String> sent, List<String> got) {
    List<String> missing = new ArrayList<>(sent);
    missing.removeAll(got);
    return "missing " + missing;
  }
}
