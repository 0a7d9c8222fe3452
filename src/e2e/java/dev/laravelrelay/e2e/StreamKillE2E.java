package dev.laravelrelay.e2e;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.StreamEntryID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Of two nodes, the one that reads the stream is killed while 10,000 emits wait in it, every fourth
 * of a user with a hold.
 */
@Timeout(120)
class StreamKillE2E {

  private static final int EMITS = 10_000;
  private static final int USERS = 20;
  private static final String STREAM = "laravel_database_relay:emit";

  @Test
  void everyEmitOfTheStreamArrives() {
    try (RedisProcess redis = RedisProcess.start();
        RelayProcess first = node(redis);
        RelayProcess second = node(redis);
        Jedis laravel = new Jedis(URI.create(redis.url()))) {
      RelayProcess reader = reads(first) ? first : second;
      RelayProcess other = reader == first ? second : first;
      List<PlainClient> phones = new ArrayList<>();
      try {
        for (int user = 0; user < USERS; user++) {
          phones.add(
              new PlainClient(URI.create("ws://127.0.0.1:" + other.port() + "/ws?token=" + user)));
        }
        phones.forEach(phone -> phone.first("connected"));

        append(laravel);
        await("some to arrive").pollInterval(Duration.ofMillis(1)).until(() -> heard(phones) > 200);
        reader.kill();
        long killed = System.nanoTime();
        long left = laravel.xlen(STREAM);
        assertTrue(left > 0, "none was left when the node was killed");

        await("all to be done")
            .atMost(Duration.ofSeconds(60))
            .pollInterval(Duration.ofMillis(50))
            .until(() -> laravel.xlen(STREAM) == 0 && distinct(phones).size() == EMITS);
        Timings.print("stream, node killed, " + left + " left: to the last", since(killed));
        int repeats = heard(phones) - EMITS;
        Timings.count("stream, node killed: emits that came twice, by id the same", repeats);

        assertTrue(repeats <= 256, () -> repeats + " repeats are more than were under way");
        assertEquals(List.of(), repeatsOfPlain(phones));
        phones.forEach(StreamKillE2E::assertInOrder);
        assertEquals(0, laravel.xlen(STREAM + ":dead"));
        assertEquals(0, laravel.xpending(STREAM, "relay").getTotal());
      } finally {
        phones.forEach(PlainClient::close);
      }
    }
  }

  private static void append(Jedis laravel) {
    try (Pipeline pipeline = laravel.pipelined()) {
      for (int n = 0; n < EMITS; n++) {
        String emit =
            "{\"user\":%d,\"event\":\"ring\",\"data\":{\"n\":%d}%s}"
                .formatted(n % USERS, n, isPlain(n) ? "" : ",\"hold\":60");
        pipeline.xadd(STREAM, StreamEntryID.NEW_ENTRY, Map.of("emit", emit));
      }
    }
  }

  private static boolean isPlain(int n) {
    return n / USERS % 4 > 0;
  }

  /** Each as often as it came. */
  private static int heard(List<PlainClient> phones) {
    return phones.stream().mapToInt(phone -> phone.all("ring").size()).sum();
  }

  private static Set<String> distinct(List<PlainClient> phones) {
    Set<String> ids = new HashSet<>();
    phones.forEach(phone -> phone.all("ring").forEach(ring -> ids.add(ring.get("id").asString())));
    return ids;
  }

  private static List<Integer> repeatsOfPlain(List<PlainClient> phones) {
    Set<Integer> came = new HashSet<>();
    return phones.stream()
        .flatMap(phone -> phone.all("ring").stream())
        .map(ring -> ring.at("/data/n").asInt())
        .filter(n -> isPlain(n) && !came.add(n))
        .toList();
  }

  /** By when each came first. */
  private static void assertInOrder(PlainClient phone) {
    Map<String, Integer> numbers = new HashMap<>();
    int last = -1;
    for (JsonNode ring : phone.all("ring")) {
      int n = ring.at("/data/n").asInt();
      if (numbers.put(ring.get("id").asString(), n) == null) {
        assertTrue(n > last, n + " came after " + last);
        last = n;
      }
    }
  }

  private static long since(long nanos) {
    return System.nanoTime() - nanos;
  }

  private static RelayProcess node(RedisProcess redis) {
    return RelayProcess.start(Map.of("RELAY_REDIS_URL", redis.url()));
  }

  private static boolean reads(RelayProcess node) {
    return JsonMapper.shared()
        .readTree(node.get("/health").body())
        .at("/emit_stream/read_here")
        .asBoolean();
  }
}
