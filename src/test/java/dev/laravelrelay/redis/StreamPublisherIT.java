package dev.laravelrelay.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.laravelrelay.config.Secret;
import dev.laravelrelay.event.CallTerms;
import dev.laravelrelay.event.EmitRequest;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.event.Terms;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.redis.StreamPublisher.Plain;
import dev.laravelrelay.testing.TestRedis;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.params.XClaimParams;
import redis.clients.jedis.params.XReadGroupParams;

/** One script publishes an emit and is done with its entry. */
@Timeout(60)
class StreamPublisherIT {

  private static final String STREAM = "relay:emit";

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final StreamPublisher publisher = publisher(true);
  private TestRedis redis;
  private Jedis laravel;
  private RedisWire wire;

  @BeforeEach
  void start() {
    redis = TestRedis.start();
    laravel = redis.connect();
    laravel.flushAll();
    laravel.scriptFlush();
    laravel.xgroupCreate(STREAM, "relay", new StreamEntryID(0, 0), true);
    RedisClients clients = RedisClients.of(new Secret(redis.url()));
    wire = new RedisWire(clients, clients.waiting("test", Duration.ofSeconds(5)));
  }

  @AfterEach
  void stop() {
    wire.cut();
    laravel.close();
    redis.close();
  }

  @Test
  void whatIsPublishedIsDoneWith() {
    publisher.publish(wire, read(250));

    assertEquals(250, emits("offline"));
    assertEquals(0, laravel.xlen(STREAM));
    assertEquals(0, laravel.xpending(STREAM, "relay").getTotal());
  }

  @Test
  void whatIsDoneIsNotPublishedAgain() {
    List<Plain> plains = read(3);
    publisher.publish(wire, plains);
    laravel.scriptFlush();
    publisher.publish(wire, plains);

    assertEquals(3, emits("offline"));
  }

  @Test
  void whatAnotherNodeHasClaimedIsLeftToIt() {
    List<Plain> plains = read(3);
    StreamEntryID second = new StreamEntryID(plains.get(1).entryId());
    laravel.xclaim(STREAM, "relay", "other", 0, new XClaimParams(), second);

    publisher.publish(wire, plains);

    assertEquals(2, emits("offline"));
    assertEquals(1, laravel.xlen(STREAM));
    assertEquals(Map.of("other", 1L), laravel.xpending(STREAM, "relay").getConsumerMessageCount());
  }

  @Test
  void whatAsksForMoreIsNotPlain() {
    StreamEntry entry = StreamEntry.of("1-0", List.of());
    Target user = new Target.User("42");

    assertNotNull(publisher.plain(entry, request(user, Terms.NONE, null)));
    assertNull(publisher.plain(entry, request(user, new Terms(30, 0, null, null), null)));
    assertNull(publisher.plain(entry, request(user, new Terms(0, 100, null, null), null)));
    assertNull(publisher.plain(entry, request(user, new Terms(0, 0, null, "1.2"), null)));
    CallTerms call = new CallTerms("c-1", "1", "42", 60);
    assertNull(publisher.plain(entry, request(user, Terms.NONE, call)));
    Target users = new Target.Users(List.of("42"));
    assertNull(publisher.plain(entry, request(users, Terms.NONE, null)));
    assertNull(publisher(false).plain(entry, request(user, Terms.NONE, null)));
  }

  // --- hands

  private StreamPublisher publisher(boolean inOnePlace) {
    return new StreamPublisher(
        STREAM, "relay", "me", inOnePlace, new RedisNames("relay:"), new RelayMetrics(meters));
  }

  /** So many entries that this node has read. */
  private List<Plain> read(int count) {
    for (int i = 0; i < count; i++) {
      laravel.xadd(STREAM, StreamEntryID.NEW_ENTRY, Map.of("emit", "{}"));
    }
    var read =
        laravel
            .xreadGroup(
                "relay",
                "me",
                XReadGroupParams.xReadGroupParams().count(count),
                Map.of(STREAM, StreamEntryID.XREADGROUP_UNDELIVERED_ENTRY))
            .getFirst()
            .getValue();
    return IntStream.range(0, count)
        .mapToObj(i -> StreamEntry.of(read.get(i).getID().toString(), List.of()))
        .map(entry -> publisher.plain(entry, request(new Target.User("42"), Terms.NONE, null)))
        .toList();
  }

  private static EmitRequest request(Target target, Terms terms, CallTerms call) {
    Event event = new Event("id", "ring", RawJson.EMPTY_OBJECT, target, terms, 0);
    return new EmitRequest(event, true, 0, call);
  }

  private double emits(String result) {
    Counter counter = meters.find("relay_stream_emits").tag("result", result).counter();
    return counter == null ? 0 : counter.count();
  }
}
