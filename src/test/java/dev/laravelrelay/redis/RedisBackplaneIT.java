package dev.laravelrelay.redis;

import static dev.laravelrelay.redis.TestNode.soon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.config.Secret;
import dev.laravelrelay.delivery.Backlog;
import dev.laravelrelay.delivery.Emission;
import dev.laravelrelay.delivery.Recipient;
import dev.laravelrelay.delivery.Verdict;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.event.Terms;
import dev.laravelrelay.testing.TestRedis;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.Jedis;

@Timeout(60)
class RedisBackplaneIT {

  private static final Target USER = new Target.User("42");
  private static TestRedis redis;

  private final String prefix = "test:" + UUID.randomUUID() + ":";
  private final List<TestNode> nodes = new ArrayList<>();
  private TestNode a;
  private TestNode b;

  @BeforeAll
  static void startRedis() {
    redis = TestRedis.start();
    try (Jedis jedis = redis.connect()) {
      jedis.configSet("client-output-buffer-limit", "pubsub 0 0 0");
    }
  }

  @AfterAll
  static void stopRedis() {
    redis.close();
  }

  @BeforeEach
  void startNodes() throws Exception {
    a = node();
    b = node();
  }

  @AfterEach
  void stopNodes() {
    nodes.forEach(TestNode::close);
  }

  private TestNode node() throws Exception {
    TestNode node = TestNode.patient(redis.url(), prefix);
    nodes.add(node);
    return node;
  }

  @Test
  void anEventReachesTheUserOnAnotherNode() throws Exception {
    TestNode.Phone phone = b.phone("42");
    Emission.Accepted sent = a.accepted(USER, Terms.NONE);
    assertEquals(Verdict.SENT, sent.verdict());
    assertEquals(1, sent.sessions());
    soon(() -> assertEquals(List.of(sent.id()), phone.ids()));
    assertTrue(phone.connection.written.getFirst().contains("{\"a\":1.0}"));
  }

  @Test
  void whatALoopCannotFollowWaitsInRedisAndComesInItsOrder() throws Exception {
    TestNode.Phone phone = b.phone("42");
    Semaphore goOn = new Semaphore(0);
    phone.connection.loop().execute(goOn::acquireUninterruptibly);
    RawJson large = RawJson.of("\"" + "x".repeat(1 << 20) + "\"");
    List<String> ids = new ArrayList<>();
    try {
      while (b.count("relay_backlog_awaited") == 0) {
        String id = "large" + ids.size();
        ids.add(id);
        Event event =
            new Event(id, "call:rejected", large, USER, Terms.NONE, System.currentTimeMillis());
        assertInstanceOf(Emission.Accepted.class, a.emit(event));
        assertTrue(ids.size() <= Backlog.MAX_BYTES >> 18, "it takes ever more");
      }
    } finally {
      goOn.release();
    }
    soon(() -> assertEquals(ids, phone.ids()));
  }

  @Test
  void aUserWithoutASessionIsOfflineAlsoAfterHeLeft() throws Exception {
    assertEquals(Verdict.OFFLINE, a.accepted(USER, Terms.NONE).verdict());
    TestNode.Phone phone = b.phone("42");
    assertEquals(Verdict.SENT, a.accepted(USER, Terms.NONE).verdict());
    phone.leave();
    soon(() -> assertEquals(Verdict.OFFLINE, a.accepted(USER, Terms.NONE).verdict()));
  }

  @Test
  void aSuspendedSessionLogsTheEventButIsNotReached() throws Exception {
    b.phone("42").suspend();
    soon(() -> assertEquals(Verdict.OFFLINE, a.accepted(USER, Terms.NONE).verdict()));
    soon(() -> assertEquals(Verdict.OFFLINE, a.accepted(USER, confirm(100)).verdict()));
  }

  @Test
  void aConfirmedVerdictCountsTheSessionsOfAllNodes() throws Exception {
    TestNode c = node();
    List<TestNode.Phone> phones = List.of(a.phone("42"), b.phone("42"), c.phone("42"));
    CompletableFuture<Emission> emitting = a.emitting(TestNode.event(USER, confirm(5_000)));
    soon(() -> phones.forEach(phone -> assertEquals(1, phone.ids().size())));
    assertFalse(emitting.isDone());
    phones.getLast().answer();
    Emission.Accepted confirmed = (Emission.Accepted) emitting.get();
    assertEquals(Verdict.CONFIRMED, confirmed.verdict());
    assertEquals(3, confirmed.sessions());
    assertEquals(1, confirmed.confirmed());
    phones.forEach(phone -> assertEquals(List.of(confirmed.id()), phone.ids()));
  }

  @Test
  void anAwaitedReceiptThatDoesNotComeIsNotConfirmed() throws Exception {
    b.phone("42");
    Emission.Accepted sent = a.accepted(USER, confirm(1_000));
    assertEquals(Verdict.SENT, sent.verdict());
    assertEquals(1, sent.sessions());
    Emission.Accepted held = a.accepted(USER, new Terms(30, 1_000, null, null));
    assertEquals(Verdict.HELD, held.verdict());
  }

  @Test
  void aHeldEventIsConfirmedAndReleasedByAReceiptOnAnotherNode() throws Exception {
    TestNode.Phone phone = b.phone("42");
    Event event = TestNode.event(USER, new Terms(30, 5_000, null, null));
    CompletableFuture<Emission> emitting = a.emitting(event);
    soon(() -> assertEquals(List.of(event.id()), phone.ids()));
    assertEquals(1, held(a).size());
    phone.answer();
    assertEquals(Verdict.CONFIRMED, ((Emission.Accepted) emitting.get()).verdict());
    soon(() -> assertEquals(List.of(), held(a)));
  }

  @Test
  void aHeldEventWaitsForTheUserOnAnyNode() throws Exception {
    Emission.Accepted held = a.accepted(USER, hold(30));
    assertEquals(Verdict.HELD, held.verdict());
    TestNode.Phone phone = b.phone("42");
    assertEquals(List.of(held.id()), phone.ids());
    phone.answer();
    soon(() -> assertEquals(List.of(), held(a)));
  }

  @Test
  void aReceiptOfOneWhoReconnectsElsewhereConfirms() throws Exception {
    TestNode.Phone halfOpen = a.phone("42");
    Event event = TestNode.event(USER, new Terms(30, 5_000, null, null));
    CompletableFuture<Emission> emitting = a.emitting(event);
    soon(() -> assertEquals(List.of(event.id()), halfOpen.ids()));
    b.phone("42").answer();
    assertEquals(Verdict.CONFIRMED, ((Emission.Accepted) emitting.get()).verdict());
  }

  @Test
  void theSocketThatIsExceptedDoesNotCount() throws Exception {
    TestNode.Phone one = b.phone("42");
    Terms terms = new Terms(0, 0, null, one.session.id());
    assertEquals(Verdict.OFFLINE, a.accepted(USER, terms).verdict());
    TestNode.Phone other = a.phone("42");
    Emission.Accepted sent = a.accepted(USER, terms);
    assertEquals(1, sent.sessions());
    soon(() -> assertEquals(List.of(sent.id()), other.ids()));
    assertEquals(List.of(), one.ids());
  }

  @Test
  void usersAreCountedEach() throws Exception {
    TestNode.Phone one = b.phone("1");
    a.phone("2");
    CompletableFuture<Emission> emitting =
        a.emitting(
            TestNode.event(
                new Target.Users(List.of("1", "2", "3")), new Terms(30, 5_000, null, null)));
    soon(() -> assertEquals(1, one.ids().size()));
    one.answer();
    List<Recipient> recipients = ((Emission.Accepted) emitting.get()).recipients();
    assertEquals(
        List.of(Verdict.CONFIRMED, Verdict.HELD, Verdict.HELD),
        recipients.stream().map(Recipient::verdict).toList());
    assertEquals(List.of(1, 1, 0), recipients.stream().map(Recipient::sessions).toList());
  }

  @Test
  void aChannelsMembersOnAllNodesGetItOnce() throws Exception {
    TestNode.Phone here = a.phone("1");
    TestNode.Phone there = b.phone("2");
    here.join("orders");
    there.join("orders");
    there.join("news");
    Emission.Accepted sent =
        a.accepted(new Target.Channels(List.of("orders", "news", "private-user.2")), Terms.NONE);
    assertEquals(Verdict.SENT, sent.verdict());
    assertEquals(2, sent.sessions());
    assertEquals(2, sent.recipients().size());
    soon(() -> assertEquals(List.of(sent.id()), here.ids()));
    soon(() -> assertEquals(List.of(sent.id()), there.ids()));
    assertEquals(
        Verdict.OFFLINE, a.accepted(new Target.Channels(List.of("empty")), Terms.NONE).verdict());
  }

  @Test
  void everyoneAndASocketAreReachedOnAllNodes() throws Exception {
    TestNode.Phone here = a.phone("1");
    TestNode.Phone there = b.phone("2");
    Emission.Accepted all = a.accepted(new Target.Everyone(), Terms.NONE);
    assertEquals(2, all.sessions());
    Emission.Accepted one = a.accepted(new Target.Socket(there.session.id()), Terms.NONE);
    assertEquals(1, one.sessions());
    soon(() -> assertEquals(List.of(all.id(), one.id()), there.ids()));
    soon(() -> assertEquals(List.of(all.id()), here.ids()));
    assertEquals(Verdict.OFFLINE, a.accepted(new Target.Socket("1.2"), Terms.NONE).verdict());
  }

  @Test
  void awaitedChannelsAndEveryoneAreConfirmedByAReceiptElsewhere() throws Exception {
    TestNode.Phone there = b.phone("2");
    there.join("orders");
    for (Target target : List.of(new Target.Channels(List.of("orders")), new Target.Everyone())) {
      int before = there.ids().size();
      CompletableFuture<Emission> emitting = a.emitting(TestNode.event(target, confirm(5_000)));
      soon(() -> assertEquals(before + 1, there.ids().size()));
      there.answer();
      assertEquals(Verdict.CONFIRMED, ((Emission.Accepted) emitting.get()).verdict());
    }
  }

  @Test
  void eventsOfOneEmitterArriveInOrderWhateverNodeTakesThem() throws Exception {
    TestNode.Phone phone = b.phone("42");
    List<String> sent = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      TestNode through = i % 2 == 0 ? a : b;
      sent.add(through.accepted(USER, i % 3 == 0 ? hold(30) : Terms.NONE).id());
    }
    soon(() -> assertEquals(sent, phone.ids()));
    soon(() -> assertEquals(sent, phone.ids()));
    List<Event> burst = IntStream.range(0, 2_000).mapToObj(i -> small()).toList();
    List<CompletableFuture<Emission>> emitting = burst.stream().map(a::emitting).toList();
    List<String> taken = new ArrayList<>(sent);
    for (CompletableFuture<Emission> one : emitting) {
      if (one.get() instanceof Emission.Accepted accepted) {
        taken.add(accepted.id());
      }
    }
    assertTrue(taken.size() > 200);
    soon(() -> assertTrue(phone.ids().containsAll(taken)));
    sent.addAll(burst.stream().map(Event::id).toList());
    sent.retainAll(phone.ids());
    assertEquals(sent, phone.ids());
  }

  @Test
  void onlyNodesThatHaveTheUserHearHisEvents() throws Exception {
    b.phone("42");
    try (Jedis jedis = redis.connect()) {
      assertEquals(1, jedis.pubsubNumSub(prefix + "u:{42}").get(prefix + "u:{42}"));
      assertTrue(jedis.pubsubChannels(prefix + "u:*").contains(prefix + "u:{42}"));
    }
    assertEquals(Verdict.SENT, a.accepted(USER, Terms.NONE).verdict());
  }

  @Test
  void whoListensByAPatternIsNoNode() throws Exception {
    try (RedisSubscription everything =
        new RedisSubscription(
            "everything",
            "test",
            RedisClients.of(new Secret(redis.url())),
            List.of(RedisNames.utf8("*")),
            new RedisSubscription.Listener() {
              @Override
              public void message(byte[] channel, byte[] message) {}

              @Override
              public void lost() {}

              @Override
              public void restored() {}
            },
            System::currentTimeMillis)) {
      everything.start();
      soon(() -> assertNull(everything.problem()));
      assertEquals(Verdict.OFFLINE, a.accepted(USER, Terms.NONE).verdict());
      assertEquals(Verdict.HELD, a.accepted(USER, hold(30)).verdict());
      b.phone("42");
      assertEquals(1, a.accepted(USER, Terms.NONE).sessions());
      assertEquals(1, a.accepted(USER, hold(30)).sessions());
    }
  }

  @Test
  void twoPrefixesDoNotHearEachOther() throws Exception {
    b.phone("42");
    try (TestNode stranger = TestNode.patient(redis.url(), prefix + "other:")) {
      assertEquals(Verdict.OFFLINE, stranger.accepted(USER, Terms.NONE).verdict());
      assertEquals(Verdict.HELD, stranger.accepted(USER, hold(30)).verdict());
    }
    assertEquals(List.of(), held(a));
  }

  @Test
  void messagesThatAreNoneAreCountedAndDoNoHarm() throws Exception {
    TestNode.Phone phone = b.phone("42");
    try (Jedis jedis = redis.connect()) {
      jedis.publish(prefix + "u:{42}", "nonsense");
      jedis.publish(prefix + "u:{42}", "");
      jedis.publish(prefix + "n:" + b.engine.node(), "\u00ff\u00ff");
    }
    soon(() -> assertEquals(3, b.count("relay_redis_messages_malformed")));
    Emission.Accepted sent = a.accepted(USER, Terms.NONE);
    soon(() -> assertEquals(List.of(sent.id()), phone.ids()));
  }

  private static Event small() {
    return TestNode.event(USER, Terms.NONE);
  }

  private static Terms hold(int seconds) {
    return new Terms(seconds, 0, null, null);
  }

  private static Terms confirm(int millis) {
    return new Terms(0, millis, null, null);
  }

  private static List<Event> held(TestNode node) throws Exception {
    return node.engine.heldEvents().of("42").toCompletableFuture().get();
  }
}
