package dev.laravelrelay.redis;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.config.RedisConfig;
import dev.laravelrelay.config.Secret;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.testing.LogCapture;
import dev.laravelrelay.testing.TestRedis;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import redis.clients.jedis.Jedis;

@Timeout(60)
class LaravelBroadcastsIT {

  /** What Illuminate\Broadcasting\Broadcasters\RedisBroadcaster sends, to the letter. */
  private static final String SCRIPT =
      "for i = 2, #ARGV do\n  redis.call('publish', ARGV[i], ARGV[1])\nend";

  private static final long NOW = 1_795_358_188_000L;
  private static TestRedis redis;

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final BlockingQueue<Event> heard = new LinkedBlockingQueue<>();
  private LaravelBroadcasts broadcasts;

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
    if (broadcasts != null) {
      broadcasts.close();
    }
  }

  @Test
  void aBroadcastOnAUsersPrivateChannelReachesTheUser() throws Exception {
    start();
    broadcast(
        "{\"event\":\"call:rejected\",\"data\":{\"call_id\":2,\"status\":\"rejected\",\"by\":2,"
            + "\"socket\":\"1234.5678\"},\"socket\":\"1234.5678\"}",
        "laravel_database_private-user.1");
    Event event = next();
    assertEquals("call:rejected", event.name());
    assertEquals("{\"call_id\":2,\"status\":\"rejected\",\"by\":2}", event.data().toString());
    assertEquals(new Target.User("1"), event.target());
    assertEquals("1234.5678", event.terms().except());
    assertEquals(0, event.terms().holdSeconds());
    assertEquals(0, event.terms().confirmMillis());
    assertEquals(NOW, event.acceptedAt());
    assertEquals(7, UUID.fromString(event.id()).version());
    assertNothingMore();
  }

  @Test
  void bothDefaultPrefixesAreHeardOnce() throws Exception {
    start();
    publish("laravel_database_private-user.1");
    publish("laravel-database-private-user.2");
    assertEquals(new Target.User("1"), next().target());
    assertEquals(new Target.User("2"), next().target());
    assertNothingMore();
  }

  @Test
  void aConfiguredPrefixIsHeardBesidesTheDefaults() throws Exception {
    start("shop[1]*:");
    publish("shop[1]*:private-user.1");
    publish("shop1:private-user.2");
    publish("laravel_database_private-user.3");
    assertEquals(new Target.User("1"), next().target());
    assertEquals(new Target.User("3"), next().target());
    assertNothingMore();
  }

  @Test
  void ofOverlappingPrefixesTheLongestIsStrippedAndNothingIsHeardTwice() throws Exception {
    start("laravel_", "laravel_database_eu_");
    publish("laravel_database_eu_orders");
    publish("laravel_database_orders");
    publish("laravel_orders");
    for (int i = 0; i < 3; i++) {
      assertEquals(new Target.Channels(List.of("orders")), next().target());
    }
    assertNothingMore();
  }

  @Test
  void withoutAPrefixAllIsHeardButTheRelaysOwn() throws Exception {
    start("");
    publish("relay:user:1");
    publish("private-user.1");
    publish("laravel_database_private-user.2");
    assertEquals(new Target.User("1"), next().target());
    assertEquals(new Target.User("2"), next().target());
    assertNothingMore();
  }

  @Test
  void channelsBecomeTargets() throws Exception {
    start();
    List<String> channels =
        List.of(
            "private-user.42",
            "private-App.Models.User.42",
            "private-App.User.42",
            "user.42",
            "private-user.42.orders",
            "private-orders.7",
            "presence-room.1",
            "news");
    List<Target> targets = new ArrayList<>();
    for (String channel : channels) {
      publish("laravel_database_" + channel);
      targets.add(next().target());
    }
    Target user = new Target.User("42");
    assertEquals(
        List.of(
            user,
            user,
            user,
            new Target.Channels(List.of("user.42")),
            new Target.Channels(List.of("private-user.42.orders")),
            new Target.Channels(List.of("private-orders.7")),
            new Target.Channels(List.of("presence-room.1")),
            new Target.Channels(List.of("news"))),
        targets);
  }

  @Test
  void severalChannelsOfOneBroadcastAreAnEventEach() throws Exception {
    start();
    broadcast(
        "{\"event\":\"App\\\\Events\\\\CallEnded\",\"data\":{\"socket\":null},\"socket\":null}",
        "laravel_database_private-user.1",
        "laravel_database_private-user.2",
        "laravel_database_news");
    Event first = next();
    Event second = next();
    assertEquals("App\\Events\\CallEnded", first.name());
    assertEquals("{}", first.data().toString());
    assertNull(first.terms().except());
    assertEquals(new Target.User("1"), first.target());
    assertEquals(new Target.User("2"), second.target());
    assertEquals(new Target.Channels(List.of("news")), next().target());
    assertNotEquals(first.id(), second.id());
    assertNothingMore();
  }

  @Test
  void unicodeAndBigNumbersComeAsTheyAre() throws Exception {
    start();
    String data =
        "{\"z\":12345678901234567890,\"a\":1.0,\"name\":\"J\\u00e9r\\u00f4me \\/ 😀\",\"n\":[]";
    broadcast(
        "{\"event\":\"e\",\"data\":" + data + ",\"socket\":null},\"socket\":null}",
        "laravel_database_private-user.1");
    assertEquals(data + "}", next().data().toString());
  }

  @Test
  void garbageIsCountedAndSkipped() throws Exception {
    start();
    String channel = "laravel_database_private-user.1";
    broadcast("not json", channel);
    broadcast("{\"event\":1}", channel);
    broadcast("{\"event\":\"connect\",\"data\":{}}", channel);
    broadcast("{\"event\":\"e\",\"data\":\"" + "x".repeat(1 << 20) + "\"}", channel);
    try (Jedis jedis = redis.connect()) {
      jedis.publish(channel.getBytes(), new byte[] {'{', (byte) 0xff, '}'});
    }
    publish(channel);
    assertEquals("e", next().name());
    assertNothingMore();
    assertEquals(3, count("relay_laravel_broadcasts", "malformed"));
    assertEquals(1, count("relay_laravel_broadcasts", "event_name"));
    assertEquals(1, count("relay_laravel_broadcasts", "too_large"));
  }

  @Test
  void aDispatchThatFailsDoesNotEndTheSubscription() throws Exception {
    start(
        event -> {
          if (event.name().equals("bad")) {
            throw new IllegalStateException("as the test wants it");
          }
          heard.add(event);
        });
    broadcast("{\"event\":\"bad\"}", "laravel_database_news");
    publish("laravel_database_news");
    assertEquals("e", next().name());
    assertEquals(1, count("relay_laravel_broadcasts", "failed"));
    assertNull(broadcasts.problem());
  }

  @Test
  void aRedisThatWasKilledIsSubscribedAgainWhenItIsBack() throws Exception {
    try (TestRedis own = TestRedis.start()) {
      start(own, heard::add);
      own.kill();
      await().atMost(Duration.ofSeconds(10)).until(() -> broadcasts.problem() != null);
      assertTrue(
          anyTime(broadcasts.problem())
              .startsWith("subscription to Laravel's broadcasts lost N s"));
      own.restart();
      await().atMost(Duration.ofSeconds(15)).until(() -> broadcasts.problem() == null);
      publish(own, "laravel_database_private-user.1");
      assertEquals(new Target.User("1"), next().target());
      assertEquals(1, count("relay_redis_subscriptions_lost", "laravel_broadcasts"));
      assertEquals(1, count("relay_redis_subscriptions_restored", "laravel_broadcasts"));
    }
  }

  @Test
  void aFrozenRedisIsNoticedAndSubscribedAgainWhenItThaws() throws Exception {
    try (TestRedis own = TestRedis.start()) {
      start(own, heard::add);
      own.freeze();
      await().atMost(Duration.ofSeconds(15)).until(() -> broadcasts.problem() != null);
      own.thaw();
      await().atMost(Duration.ofSeconds(10)).until(() -> broadcasts.problem() == null);
      publish(own, "laravel_database_private-user.1");
      assertEquals(new Target.User("1"), next().target());
      assertEquals(1, count("relay_redis_subscriptions_lost", "laravel_broadcasts"));
      assertEquals(1, count("relay_redis_subscriptions_restored", "laravel_broadcasts"));
    }
  }

  @Test
  void aQuietSubscriptionStays() throws Exception {
    start();
    await()
        .during(RedisSubscription.SILENCE.plusSeconds(1))
        .atMost(Duration.ofSeconds(15))
        .until(() -> broadcasts.problem() == null);
    publish("laravel_database_private-user.1");
    assertNotNull(next());
    assertEquals(0, count("relay_redis_subscriptions_lost", "laravel_broadcasts"));
  }

  @Test
  void aRedisThatComesLaterIsSubscribedThen() throws Exception {
    try (TestRedis own = TestRedis.start()) {
      own.kill();
      create(own, heard::add);
      assertNotNull(broadcasts.problem());
      broadcasts.start();
      await()
          .atMost(Duration.ofSeconds(15))
          .until(() -> count("relay_redis_subscriptions_lost", "laravel_broadcasts") == 1);
      assertEquals(
          "subscription to Laravel's broadcasts not there yet, for N s: Connection refused",
          anyTime(broadcasts.problem()));
      own.restart();
      await().atMost(Duration.ofSeconds(15)).until(() -> broadcasts.problem() == null);
      publish(own, "laravel_database_private-user.1");
      assertNotNull(next());
    }
  }

  @Test
  void closingIsPromptWhateverRedisDoes() throws Exception {
    try (TestRedis own = TestRedis.start()) {
      start(own, heard::add);
      own.freeze();
      long begin = System.nanoTime();
      broadcasts.close();
      assertTrue(System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(3));
      own.thaw();
      await()
          .atMost(Duration.ofSeconds(15))
          .until(
              () -> {
                try (Jedis jedis = own.connect()) {
                  return jedis.pubsubNumPat() == 0;
                }
              });
      assertNoThread();
    }
  }

  @Test
  void aLoginIsUsedAndItsPasswordNeverSaid() throws Exception {
    try (LogCapture log = new LogCapture(Logger.ROOT_LOGGER_NAME);
        TestRedis own = TestRedis.start()) {
      Assumptions.assumeTrue(System.getenv("RELAY_TEST_REDIS_URL") == null);
      try (Jedis jedis = own.connect()) {
        jedis.aclSetUser("relay", "on", ">hunter2/@", "allchannels", "-@all", "+psubscribe");
      }
      String host = own.url().substring("redis://".length());
      create(heard::add, "redis://relay:wrong-hunter2@" + host);
      broadcasts.start();
      await()
          .atMost(Duration.ofSeconds(15))
          .until(() -> count("relay_redis_subscriptions_lost", "laravel_broadcasts") == 1);
      assertNotNull(broadcasts.problem());
      broadcasts.close();
      create(heard::add, "redis://relay:hunter2%2F%40@" + host);
      startAndAwait();
      publish(own, "laravel_database_private-user.1");
      assertEquals(new Target.User("1"), next().target());
      assertTrue(log.text().contains("WRONGPASS"), log.text());
      assertFalse(log.text().contains("hunter2"), log.text());
    }
  }

  private static void assertNoThread() {
    await()
        .atMost(Duration.ofSeconds(15))
        .untilAsserted(
            () ->
                assertFalse(
                    Thread.getAllStackTraces().keySet().stream()
                        .anyMatch(thread -> thread.getName().startsWith("redis-laravel"))));
  }

  private void start(String... prefixes) {
    create(heard::add, redis.url(), prefixes);
    startAndAwait();
  }

  private void start(Consumer<Event> dispatch) {
    start(redis, dispatch);
  }

  private void start(TestRedis on, Consumer<Event> dispatch) {
    create(on, dispatch);
    startAndAwait();
  }

  private void create(TestRedis on, Consumer<Event> dispatch) {
    create(dispatch, on.url());
  }

  private void create(Consumer<Event> dispatch, String url, String... prefixes) {
    List<String> all = new ArrayList<>(List.of("laravel_database_", "laravel-database-"));
    all.addAll(List.of(prefixes));
    RedisConfig config = new RedisConfig(Optional.of(new Secret(url)), "relay:", all, 0);
    broadcasts = new LaravelBroadcasts(config, dispatch, new RelayMetrics(registry), () -> NOW);
  }

  private void startAndAwait() {
    broadcasts.start();
    await().atMost(Duration.ofSeconds(15)).until(() -> broadcasts.problem() == null);
  }

  private static void publish(String channel) {
    publish(redis, channel);
  }

  private static void publish(TestRedis to, String channel) {
    try (Jedis jedis = to.connect()) {
      jedis.publish(channel, "{\"event\":\"e\",\"data\":{\"socket\":null},\"socket\":null}");
    }
  }

  private static void broadcast(String payload, String... channels) {
    List<String> arguments = new ArrayList<>();
    arguments.add(payload);
    arguments.addAll(List.of(channels));
    try (Jedis jedis = redis.connect()) {
      jedis.eval(SCRIPT, List.of(), arguments);
    }
  }

  private Event next() throws InterruptedException {
    Event event = heard.poll(15, TimeUnit.SECONDS);
    assertNotNull(event, "no event within 15 s");
    return event;
  }

  private static String anyTime(@Nullable String problem) {
    return String.valueOf(problem).replaceAll("\\d+ s", "N s");
  }

  /** A last message shows that nothing else was before it. */
  private void assertNothingMore() throws InterruptedException {
    broadcast("{\"event\":\"the-end\"}", "laravel_database_private-user.1");
    assertEquals("the-end", next().name());
    assertTrue(heard.isEmpty());
  }

  private double count(String name, String tag) {
    return registry.find(name).counters().stream()
        .filter(counter -> counter.getId().getTags().getFirst().getValue().equals(tag))
        .mapToDouble(Counter::count)
        .sum();
  }
}
