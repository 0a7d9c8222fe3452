package dev.laravelrelay.redis;

import static dev.laravelrelay.redis.TestNode.soon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.delivery.Emission;
import dev.laravelrelay.delivery.Verdict;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.event.Terms;
import dev.laravelrelay.testing.SentinelRedis;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A master that dies, and its replica. */
@Timeout(240)
class RedisSentinelIT {

  private static final Target USER = new Target.User("42");
  private static final Terms HOLD = new Terms(120, 0, null, null);
  private static final Terms CONFIRM = new Terms(120, 2_000, null, null);

  private SentinelRedis redis;
  private TestNode a;
  private TestNode b;

  @BeforeEach
  void start() throws Exception {
    redis = SentinelRedis.start();
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
  void aPromotedReplicaIsFollowedAndNothingHeldIsLost() throws Exception {
    TestNode.Phone phone = b.phone("42");
    List<String> held = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      held.add(a.accepted(new Target.User("away"), HOLD).id());
    }
    redis.awaitReplication();
    redis.killSentinel();
    redis.killMaster();
    long killed = System.nanoTime();
    soon(() -> assertNotNull(a.engine.problem()));
    Emission refused = a.emit(TestNode.event(USER, CONFIRM));
    assertInstanceOf(Emission.Unavailable.class, refused);
    redis.awaitFailover();
    long promoted = System.nanoTime();
    soon(
        () ->
            assertEquals(
                Verdict.CONFIRMED, a.answered(TestNode.event(USER, CONFIRM), phone).verdict()));
    long whole = System.nanoTime();
    soon(() -> assertNull(a.engine.problem()));
    soon(() -> assertNull(b.engine.problem()));
    System.out.printf(
        "Sentinel: promoted %d ms after the kill, confirmed again %d ms later%n",
        millis(killed, promoted), millis(promoted, whole));
    assertTrue(millis(promoted, whole) < 15_000, "whole after " + millis(promoted, whole));
    assertEquals(held, b.phone("away").ids());
  }

  @Test
  void aMasterThatComesBackIsNotFollowed() throws Exception {
    TestNode.Phone phone = b.phone("42");
    redis.freezeMaster();
    redis.awaitFailover();
    soon(
        () ->
            assertEquals(
                Verdict.CONFIRMED, a.answered(TestNode.event(USER, CONFIRM), phone).verdict()));
    redis.thaw();
    redis.awaitDemotion();
    soon(
        () ->
            assertEquals(
                Verdict.CONFIRMED, a.answered(TestNode.event(USER, CONFIRM), phone).verdict()));
    soon(() -> assertNull(a.engine.problem()));
  }

  @Test
  void aMasterThatNoSentinelKnowsIsOneSentence() throws Exception {
    try (TestNode stranger =
        new TestNode(redis.url().replaceAll("master=.*", "master=other"), "test:")) {
      String problem = String.valueOf(stranger.engine.problem());
      assertTrue(problem.contains("knows no master called other"), problem);
    }
  }

  private static long millis(long from, long to) {
    return (to - from) / 1_000_000;
  }
}
