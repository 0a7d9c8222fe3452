package dev.laravelrelay.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.laravelrelay.config.Secret;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RedisUrlTest {

  @Test
  void aHostAloneGetsThePortAndDatabaseOfAStockRedis() {
    assertEquals(new RedisUrl("127.0.0.1", 6379, 0, false, null, null), parse("redis://127.0.0.1"));
  }

  @Test
  void allPartsAreRead() {
    assertEquals(
        new RedisUrl("my_redis", 6380, 3, true, "relay", new Secret("p:w/@+é")),
        parse("rediss://relay:p:w%2F%40+%C3%A9@my_redis:6380/3"));
  }

  @Test
  void aPasswordNeedsNoUser() {
    assertEquals(
        new RedisUrl("redis", 6379, 0, false, null, new Secret("pw")), parse("redis://:pw@redis/"));
  }

  @Test
  void anIpv6AddressStandsInBrackets() {
    assertEquals(new RedisUrl("::1", 7000, 0, false, null, null), parse("redis://[::1]:7000"));
    assertEquals("redis://[::1]:7000/0", parse("redis://[::1]:7000").toString());
  }

  @Test
  void theTextShowsNoLogin() {
    assertEquals("rediss://redis:6379/2", parse("rediss://me:hunter2@redis/2").toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "127.0.0.1:6379",
        "http://hunter2",
        "redis://",
        "redis://hunter2@redis",
        "redis://me:@redis",
        "redis://me:hunter2%zz@redis",
        "redis://me:hunter2/x@redis",
        "redis://me:hunter2@redis:0",
        "redis://me:hunter2@redis:65536",
        "redis://me:hunter2@redis:99999999999",
        "redis://me:hunter2@redis/one",
        "redis://me:hunter2@redis?db=1",
        "redis://a,b:6379"
      })
  void whatIsNoUrlIsRefusedWithoutShowingIt(String url) {
    String message = assertThrows(IllegalArgumentException.class, () -> parse(url)).getMessage();
    assertFalse(message.contains("hunter2"), message);
  }

  private static RedisUrl parse(String url) {
    return RedisUrl.parse(new Secret(url));
  }
}
