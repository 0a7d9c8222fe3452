package dev.laravelrelay.redis;

import static dev.laravelrelay.redis.TestNode.soon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.delivery.Emission;
import dev.laravelrelay.delivery.Presence;
import dev.laravelrelay.delivery.Verdict;
import dev.laravelrelay.event.EmitRequest;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.event.Terms;
import dev.laravelrelay.testing.TestRedis;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.Jedis;

/** Idempotency and presence across nodes. */
@Timeout(60)
class RedisEngineIT {

  private static final Target USER = new Target.User("42");
  private static TestRedis redis;

  private final String prefix = "test:" + UUID.randomUUID() + ":";
  private final List<TestNode> nodes = new ArrayList<>();
  private TestNode a;
  private TestNode b;

  @BeforeAll
  static void startRedis() {
    redis = TestRedis.start();
  }

  @AfterAll
  static void stopRedis() {
    redis.close();
  }

  @BeforeEach
  void startNodes() throws Exception {
    for (int i = 0; i < 2; i++) {
      nodes.add(TestNode.patient(redis.url(), prefix));
    }
    a = nodes.getFirst();
    b = nodes.getLast();
  }

  @AfterEach
  void stopNodes() {
    nodes.forEach(TestNode::close);
  }

  @Test
  void theSameIdOnTwoNodesIsEmittedOnce() throws Exception {
    TestNode.Phone phone = b.phone("42");
    Emission.Accepted first = (Emission.Accepted) emit(a, "call-1", 7, Terms.NONE).get();
    Emission.Accepted again = (Emission.Accepted) emit(b, "call-1", 7, Terms.NONE).get();
    Emission.Accepted third = (Emission.Accepted) emit(a, "call-1", 7, Terms.NONE).get();
    assertFalse(first.duplicate());
    assertTrue(again.duplicate());
    assertTrue(third.duplicate());
    assertEquals(first.verdict(), again.verdict());
    assertEquals(first.sessions(), again.sessions());
    String end = a.accepted(USER, Terms.NONE).id();
    soon(() -> assertEquals(List.of("call-1", end), phone.ids()));
  }

  @Test
  void theSecondOfTwoAtOnceWaitsForTheFirstsVerdict() throws Exception {
    TestNode.Phone phone = b.phone("42");
    Terms confirm = new Terms(0, 8_000, null, null);
    CompletableFuture<Emission> first = emit(a, "call-1", 7, confirm);
    CompletableFuture<Emission> second = emit(b, "call-1", 7, confirm);
    soon(() -> assertEquals(List.of("call-1"), phone.ids()));
    assertFalse(second.isDone());
    phone.answer();
    List<Emission.Accepted> both =
        List.of((Emission.Accepted) first.get(), (Emission.Accepted) second.get());
    both.forEach(one -> assertEquals(Verdict.CONFIRMED, one.verdict()));
    assertEquals(1, both.stream().filter(Emission.Accepted::duplicate).count());
    assertEquals(List.of("call-1"), phone.ids());
  }

  @Test
  void theSameIdForAnotherEventIsAConflictOnAnyNode() throws Exception {
    emit(a, "call-1", 7, Terms.NONE).get();
    assertInstanceOf(Emission.Conflict.class, emit(b, "call-1", 8, Terms.NONE).get());
  }

  @Test
  void aVerdictForManyComesBackWhole() throws Exception {
    b.phone("1");
    Target users = new Target.Users(List.of("1", "2"));
    EmitRequest request =
        new EmitRequest(TestNode.event("x", users, new Terms(30, 0, null, null)), true, -1);
    Emission.Accepted first = (Emission.Accepted) a.emitter.emit(request).get();
    soon(
        () -> {
          Emission.Accepted again = (Emission.Accepted) b.emitter.emit(request).get();
          assertEquals(first.recipients(), again.recipients());
          assertEquals(first.heldUntil(), again.heldUntil());
        });
  }

  @Test
  void aUserIsOnlineOnEveryNodeWhileHeHasASessionOnAny() throws Exception {
    assertEquals(List.of(), online(a));
    TestNode.Phone here = a.phone("42");
    TestNode.Phone there = b.phone("42");
    soon(() -> assertEquals(2, online(a).size()));
    soon(() -> assertEquals(online(a), online(b)));
    assertTrue(online(b).stream().map(Presence.Online::id).toList().contains(here.session.id()));
    here.leave();
    soon(() -> assertEquals(List.of(Presence.Online.of(there.session)), online(a)));
    there.leave();
    soon(() -> assertEquals(List.of(), online(b)));
  }

  @Test
  void aNodeThatStopsOrDiesTakesItsUsersWithIt() throws Exception {
    b.phone("42");
    soon(() -> assertEquals(1, online(a).size()));
    try (Jedis jedis = redis.connect()) {
      long lease = jedis.pttl(prefix + "node:" + b.engine.node());
      assertTrue(lease > 0 && lease <= 9_000, "a crash is known after " + lease);
    }
    b.close();
    Awaitility.await()
        .atMost(Duration.ofSeconds(5)) // its lease would end later
        .untilAsserted(() -> assertEquals(List.of(), online(a)));
  }

  @Test
  void presenceComesBackAfterRedisForgotEverything() throws Exception {
    TestNode.Phone phone = b.phone("42");
    soon(() -> assertEquals(1, online(a).size()));
    try (Jedis jedis = redis.connect()) {
      jedis.keys(prefix + "*").forEach(jedis::del);
    }
    soon(() -> assertEquals(List.of(Presence.Online.of(phone.session)), online(a)));
  }

  @Test
  void noKeyStaysForEver() throws Exception {
    b.phone("42");
    emit(a, "call-1", 7, new Terms(30, 0, null, null)).get();
    soon(() -> assertEquals(1, online(a).size()));
    try (Jedis jedis = redis.connect()) {
      List<String> keys = List.copyOf(jedis.keys(prefix + "*"));
      assertTrue(keys.size() >= 6, keys::toString);
      keys.forEach(key -> assertTrue(jedis.pttl(key) > 0, key));
    }
  }

  private static CompletableFuture<Emission> emit(
      TestNode node, String id, long fingerprint, Terms terms) {
    Event event = TestNode.event(id, USER, terms);
    return node.emitter.emit(new EmitRequest(event, true, fingerprint));
  }

  private static List<Presence.Online> online(TestNode node) throws Exception {
    return node.engine.presence().of("42").toCompletableFuture().get();
  }
}
