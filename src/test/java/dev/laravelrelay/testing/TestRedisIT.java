package dev.laravelrelay.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisConnectionException;

@Timeout(60)
class TestRedisIT {

  @Test
  void isEmptyAfterARestartOnTheSamePort() {
    try (TestRedis redis = TestRedis.start()) {
      String url = redis.url();
      try (Jedis jedis = redis.connect()) {
        jedis.set("test-redis", "1");
      }
      redis.kill();
      assertThrows(JedisConnectionException.class, redis::connect);
      redis.restart();
      assertEquals(url, redis.url());
      try (Jedis jedis = redis.connect()) {
        assertFalse(jedis.exists("test-redis"));
      }
    }
  }

  @Test
  void keepsItsConnectionsWhileFrozenAndAnswersAfterwards() {
    try (TestRedis redis = TestRedis.start();
        Jedis jedis = redis.connect()) {
      jedis.set("test-redis", "1");
      redis.freeze();
      assertThrows(JedisConnectionException.class, redis::connect);
      redis.thaw();
      assertEquals("1", jedis.get("test-redis"));
    }
  }
}
