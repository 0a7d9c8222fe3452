package dev.laravelrelay.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.laravelrelay.call.CallEmitter;
import dev.laravelrelay.call.MemoryCallDirectory;
import dev.laravelrelay.config.DeliveryConfig;
import dev.laravelrelay.config.RedisConfig;
import dev.laravelrelay.config.Secret;
import dev.laravelrelay.event.EventCodec;
import dev.laravelrelay.testing.Deliveries;
import dev.laravelrelay.testing.TestRedis;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.StreamEntryID;

/** What a node has no room for stays unread in the stream. */
@Timeout(60)
class CrowdedStreamIT {

  private static final String STREAM = "relay:emit";
  private static final int EMITS = 10;

  @Test
  void nothingIsReadWhileThereIsNoRoom() throws Exception {
    Deliveries node = new Deliveries();
    Semaphore room = new Semaphore(0);
    try (TestRedis redis = TestRedis.start();
        Jedis laravel = redis.connect()) {
      laravel.flushAll();
      for (int i = 0; i < EMITS; i++) {
        laravel.xadd(
            STREAM, StreamEntryID.NEW_ENTRY, Map.of("emit", "{\"user\":1,\"event\":\"a\"}"));
      }
      EmitStream stream = stream(node, redis, room);
      try {
        stream.start();
        Awaitility.await().until(room::hasQueuedThreads);
        assertEquals(EMITS, laravel.xlen(STREAM));
        assertEquals(0, laravel.xpending(STREAM, "relay").getTotal());

        room.release(Integer.MAX_VALUE);
        Awaitility.await().until(() -> laravel.xlen(STREAM) == 0);
        Awaitility.await().until(() -> node.count("relay_stream_emits") == EMITS);
      } finally {
        stream.stop();
      }
    }
  }

  private static EmitStream stream(Deliveries node, TestRedis redis, Semaphore room) {
    return new EmitStream(
        new RedisConfig(Optional.of(new Secret(redis.url())), "relay:", List.of(), 100),
        new EventCodec(new DeliveryConfig(0, 100, 1 << 20, 1 << 24), node.clock),
        new CallEmitter(
            new MemoryCallDirectory(node.metrics, node.clock),
            node.emitter,
            node.dispatcher.backlog()),
        room::acquireUninterruptibly,
        1 << 20,
        node.metrics,
        System::currentTimeMillis);
  }
}
