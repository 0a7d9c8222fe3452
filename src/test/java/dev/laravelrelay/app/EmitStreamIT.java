package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.RawClient;
import dev.laravelrelay.testing.TestRedis;
import dev.laravelrelay.testing.TestRelay;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.AbstractTransaction;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.params.ClientKillParams;
import redis.clients.jedis.params.XAddParams;
import redis.clients.jedis.params.XReadGroupParams;
import redis.clients.jedis.resps.StreamEntry;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What Laravel appends to a stream is emitted. */
@Timeout(90)
class EmitStreamIT {

  private static final String STREAM = "laravel_database_stream:emit";
  private static final String DEAD = STREAM + ":dead";

  private final List<AutoCloseable> opened = new ArrayList<>();
  private TestRedis redis;
  private Jedis laravel;

  @BeforeEach
  void start() {
    redis = open(TestRedis.start());
    laravel = open(redis.connect());
    laravel.flushAll();
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }

  @Test
  void anEmitReachesThePhoneAndIsGoneFromTheStream() {
    TestRelay relay = relay();
    RawClient phone = phone(relay, "42");

    xadd(STREAM, "{\"user\":42,\"event\":\"ring\",\"data\":{\"n\":1}}");
    xadd("stream:emit", "{\"user\":42,\"event\":\"ring\",\"data\":{\"n\":2}}");

    assertEquals(2, new HashSet<>(phone.awaitNumbers("ring", 2)).size());
    awaitDone();
    assertEquals(0, laravel.xlen("stream:emit"));
    assertEquals(0, laravel.xlen(DEAD));
    await(() -> relay.metric("relay_stream_emits_total{result=\"sent\"") == 2);
  }

  @Test
  void anEntryIsKnownByItsIdAndAnEmitByItsOwn() {
    TestRelay relay = relay();
    RawClient phone = phone(relay, "42");

    String id = xadd(STREAM, ring(42, 1, ""));
    xadd(STREAM, ring(42, 2, ",\"id\":\"call-2\""));
    xadd(STREAM, ring(42, 2, ",\"id\":\"call-2\""));
    xadd(STREAM, ring(42, 3, ",\"id\":\"call-2\""));
    xadd(STREAM, ring(42, 4, ""));

    assertEquals(List.of(1, 2, 4), phone.awaitNumbers("ring", 3));
    awaitDone();
    assertEquals(
        List.of(STREAM + ":" + id, "call-2"),
        phone.messages("ring").stream().limit(2).map(it -> it.get("id").asString()).toList());
    assertEquals(1, relay.metric("relay_stream_emits_total{result=\"duplicate\""));
    assertEquals("The id was used for another event.", onlyDead().get("reason"));
  }

  @Test
  void whatCannotBeEmittedIsKeptWithTheReason() {
    TestRelay relay = relay();
    RawClient phone = phone(relay, "42");
    String large = "x".repeat(1 << 20);

    String first = xadd(STREAM, "not json");
    xadd(STREAM, "{\"usr\":42,\"event\":\"ring\"}");
    laravel.xadd(STREAM, StreamEntryID.NEW_ENTRY, Map.of("json", "{}"));
    laravel.xadd(STREAM, StreamEntryID.NEW_ENTRY, Map.of("emit", "{}", "more", "1"));
    xadd(STREAM, "{\"user\":42,\"event\":\"ring\",\"data\":\"" + large + "\"}");
    xadd(STREAM, ring(42, 7, ""));

    assertEquals(List.of(7), phone.awaitNumbers("ring", 1));
    awaitDone();
    List<StreamEntry> dead = laravel.xrange(DEAD, "-", "+");
    assertEquals(5, dead.size());
    assertEquals(first, dead.getFirst().getFields().get("entry"));
    assertEquals("not json", dead.getFirst().getFields().get("emit"));
    List<String> reasons = dead.stream().map(it -> it.getFields().get("reason")).toList();
    assertTrue(
        reasons.get(1).startsWith("The field usr is unknown. Did you mean user"),
        reasons::toString);
    assertEquals("The entry must have one field, emit: the emit's JSON.", reasons.get(2));
    assertEquals(reasons.get(2), reasons.get(3));
    assertEquals("1", dead.get(3).getFields().get("more"));
    assertEquals("The emit must not be larger than 1048576 bytes.", reasons.get(4));
    assertEquals(5, relay.metric("relay_stream_emits_total{result=\"malformed\""));
  }

  @Test
  void theDeadAreBounded() {
    relay();
    for (int i = 0; i < 1_050; i++) {
      xadd(STREAM, "not json " + i);
    }

    awaitDone();
    List<StreamEntry> dead = laravel.xrange(DEAD, "-", "+");
    assertEquals(1_000, dead.size());
    assertEquals("not json 1049", dead.getLast().getFields().get("emit"));
  }

  @Test
  void eachUserHearsThemInOrderWhateverTheyAskFor() {
    TestRelay relay = relay();
    List<RawClient> phones =
        IntStream.range(0, 4).mapToObj(user -> phone(relay, "u" + user)).toList();

    for (int n = 0; n < 100; n++) {
      for (int user = 0; user < 4; user++) {
        xadd(STREAM, ring("\"u" + user + "\"", n, variant(user, n)));
      }
    }

    List<Integer> inOrder = IntStream.range(0, 100).boxed().toList();
    for (RawClient phone : phones) {
      assertEquals(inOrder, phone.awaitNumbers("ring", 100));
    }
    awaitDone();
  }

  private static String variant(int user, int n) {
    return switch ((user + n) % 5) {
      case 0 -> ",\"hold\":30";
      case 1 -> ",\"confirm\":2000";
      case 2 ->
          ",\"call\":{\"id\":\"c%d-%d\",\"caller\":\"x\",\"receiver\":\"y\"}".formatted(user, n);
      case 3 -> ",\"id\":\"own-%d-%d\",\"hold\":30".formatted(user, n);
      default -> "";
    };
  }

  @Test
  void aCallInAnEmitIsKnownWhenThePhoneAnswers() {
    TestRelay relay = relay();
    RawClient caller = RawClient.socketIo(relay.socketUrl(), Map.of("token", "1"));
    open(caller);
    RawClient callee = RawClient.socketIo(relay.socketUrl(), Map.of("token", "2"));
    open(callee);

    xadd(
        STREAM,
        "{\"user\":2,\"event\":\"call:incoming\",\"data\":{\"callId\":\"c-1\",\"n\":0},"
            + "\"call\":{\"caller\":1,\"receiver\":2,\"ttl\":60}}");
    callee.awaitNumbers("call:incoming", 1);
    callee.send("42[\"call:reject\",{\"callId\":\"c-1\"}]");

    await(() -> !caller.events("call:rejected").isEmpty());
    assertEquals("c-1", caller.events("call:rejected").getFirst().get(1).get("callId").asString());
  }

  @Test
  void whatWaitedAndWhatADeadNodeLeftIsTakenInOrder() {
    laravel.xgroupCreate(STREAM, "relay", new StreamEntryID(0, 0), true);
    for (int n = 0; n < 20; n++) {
      xadd(STREAM, ring(42, n, ",\"hold\":60"));
    }
    laravel.xreadGroup(
        "relay",
        "dead",
        XReadGroupParams.xReadGroupParams().count(12),
        Map.of(STREAM, StreamEntryID.XREADGROUP_UNDELIVERED_ENTRY));

    TestRelay relay = relay();

    awaitDone();
    RawClient phone = phone(relay, "42");
    assertEquals(IntStream.range(0, 20).boxed().toList(), phone.awaitNumbers("ring", 20));
    assertEquals(12, relay.metric("relay_stream_claimed_total"));
    await(() -> consumers().equals(1));
  }

  @Test
  void oneNodeReadsAndAnotherFollowsIt() {
    TestRelay first = relay();
    await(() -> laravel.exists(STREAM + ":reader", "stream:emit:reader") == 2);
    TestRelay second = relay();
    RawClient phone = phone(second, "42");
    await(() -> reads(first) && !reads(second));
    xadd(STREAM, ring(42, 1, ",\"hold\":60"));
    phone.awaitNumbers("ring", 1);

    first.close();
    xadd(STREAM, ring(42, 2, ",\"hold\":60"));

    awaitDone();
    assertEquals(List.of(1, 2), phone.awaitNumbers("ring", 2));
    await(() -> consumers().equals(1));
  }

  @Test
  void aRedisThatComesBackEmptyIsReadAgain() {
    TestRelay relay = relay();
    RawClient phone = phone(relay, "42");
    xadd(STREAM, ring(42, 1, ""));
    phone.awaitNumbers("ring", 1);

    redis.kill();
    await(() -> relay.get("/health/ready").statusCode() != 200);
    redis.restart();
    laravel.close();
    laravel = open(redis.connect());
    await(() -> relay.get("/health/ready").statusCode() == 200);
    xadd(STREAM, ring(42, 2, ""));
    phone.awaitNumbers("ring", 2);
    laravel.flushAll();
    xadd(STREAM, ring(42, 3, ""));

    assertEquals(List.of(1, 2, 3), phone.awaitNumbers("ring", 3));
    awaitDone();
  }

  @Test
  void aConnectionThatIsCutLosesNothingAndRepeatsNothing() {
    RawClient phone = phone(relay(), "42");
    ClientKillParams commands =
        new ClientKillParams().type(ClientType.NORMAL).skipMe(ClientKillParams.SkipMe.YES);

    for (int n = 0; n < 3_000; n++) {
      xadd(STREAM, ring(42, n, ""));
      if (n % 500 == 250) {
        laravel.clientKill(commands);
      }
    }

    awaitDone();
    assertEquals(IntStream.range(0, 3_000).boxed().toList(), phone.awaitNumbers("ring", 3_000));
  }

  @Test
  void whatRedisHasNoMemoryForIsTriedAgain() {
    TestRelay relay = relay();
    await(() -> reads(relay));
    laravel.configSet("maxmemory-policy", "noeviction");
    try (AbstractTransaction both = laravel.multi()) {
      both.xadd(STREAM, StreamEntryID.NEW_ENTRY, Map.of("emit", ring(42, 1, ",\"hold\":60")));
      both.sendCommand(Protocol.Command.CONFIG, "SET", "maxmemory", "1");
      both.exec();
    }
    awaitMetric(relay, "relay_stream_emits_total{result=\"retried\"");
    assertEquals(1, laravel.xlen(STREAM));
    laravel.configSet("maxmemory", "0");

    awaitDone();
    assertEquals(List.of(1), phone(relay, "42").awaitNumbers("ring", 1));
  }

  @Test
  void aStreamThatTheAclForbidsIsSaidAndKeepsNobodyFromTheRest() {
    laravel.aclSetUser("default", "resetkeys", "~stream:*");
    TestRelay relay = relay();
    RawClient phone = phone(relay, "42");

    xadd("stream:emit", ring(42, 1, ""));

    assertEquals(List.of(1), phone.awaitNumbers("ring", 1));
    assertEquals(200, relay.get("/health/ready").statusCode());
    assertEquals(
        STREAM, TestRelay.json(relay.get("/health")).at("/emit_stream/not_allowed/0").asString());
    laravel.aclSetUser("default", "allkeys");
    xadd(STREAM, ring(42, 2, ""));
    assertEquals(List.of(1, 2), phone.awaitNumbers("ring", 2));
  }

  @Test
  void healthAndMetricsSayHowItStands() {
    TestRelay relay = relay();
    await(() -> reads(relay));

    JsonNode health = TestRelay.json(relay.get("/health"));
    assertEquals("ok", health.at("/conditions/emit_stream").asString());
    assertEquals(0, health.at("/emit_stream/lag").asInt(-1));

    for (int n = 0; n < 50; n++) {
      xadd(STREAM, ring("\"away\"", n, ",\"hold\":30"));
    }
    awaitMetric(relay, "relay_stream_emits_total{result=\"held\"");
    awaitDone();
    await(() -> relay.metric("relay_stream_lag") == 0 && relay.metric("relay_stream_pending") == 0);
    assertTrue(relay.get("/metrics").body().contains("relay_stream_oldest_seconds"));
  }

  // --- hands

  private <T extends AutoCloseable> T open(T it) {
    opened.add(it);
    return it;
  }

  private TestRelay relay() {
    return open(TestRelay.start(redis, "stream:"));
  }

  private RawClient phone(TestRelay relay, String user) {
    return open(RawClient.plain(relay.socketUrl(), "token=" + user));
  }

  private static boolean reads(TestRelay relay) {
    return JsonMapper.shared()
        .readTree(relay.get("/health").body())
        .at("/emit_stream/read_here")
        .asBoolean(false);
  }

  private String xadd(String stream, String emit) {
    return laravel.xadd(stream, XAddParams.xAddParams(), Map.of("emit", emit)).toString();
  }

  private static String ring(Object user, int n, String more) {
    return "{\"user\":%s,\"event\":\"ring\",\"data\":{\"n\":%d}%s}".formatted(user, n, more);
  }

  private Map<String, String> onlyDead() {
    List<StreamEntry> dead = laravel.xrange(DEAD, "-", "+");
    assertEquals(1, dead.size());
    return dead.getFirst().getFields();
  }

  private Integer consumers() {
    return laravel.xinfoConsumers(STREAM, "relay").size();
  }

  private void awaitDone() {
    await(() -> laravel.xlen(STREAM) == 0);
  }

  private static void awaitMetric(TestRelay relay, String start) {
    await(() -> relay.metric(start) > 0);
  }

  private static void await(Callable<Boolean> condition) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(20))
        .until(condition);
  }
}
