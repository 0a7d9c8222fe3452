package dev.laravelrelay.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.laravelrelay.config.Secret;
import dev.laravelrelay.redis.RedisUrl.Form;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.HostAndPort;

class RedisUrlTest {

  @Test
  void aHostAloneGetsThePortAndDatabaseOfAStockRedis() {
    assertEquals(single("127.0.0.1", 6379, 0, false, null, null), parse("redis://127.0.0.1"));
  }

  @Test
  void allPartsAreRead() {
    assertEquals(
        single("my_redis", 6380, 3, true, "relay", new Secret("p:w/@+é")),
        parse("rediss://relay:p:w%2F%40+%C3%A9@my_redis:6380/3"));
  }

  @Test
  void aPasswordNeedsNoUser() {
    assertEquals(
        single("redis", 6379, 0, false, null, new Secret("pw")), parse("redis://:pw@redis/"));
  }

  @Test
  void anIpv6AddressStandsInBrackets() {
    assertEquals(single("::1", 7000, 0, false, null, null), parse("redis://[::1]:7000"));
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
        "redis://a,b:6379",
        "redis://redis?master=hunter2",
        "redis-sentinel://a?name=hunter2",
        "redis-sentinel://a?master=",
        "redis-sentinel://a,,hunter2",
        "redis-cluster://me:hunter2@a/1",
        "redis-cluster://a?master=hunter2",
        "redis-clusters://hunter2:hunter2@a"
      })
  void whatIsNoUrlIsRefusedWithoutShowingIt(String url) {
    String message = assertThrows(IllegalArgumentException.class, () -> parse(url)).getMessage();
    assertFalse(message.contains("hunter2"), message);
  }

  @Test
  void sentinelsAreNamedWithTheirMaster() {
    RedisUrl url =
        parse("rediss-sentinel://me:pw@a,b:26380,[::1]/2?master=calls&sentinel_password=h%26sh");
    List<HostAndPort> hosts =
        List.of(
            new HostAndPort("a", 26379),
            new HostAndPort("b", 26380),
            new HostAndPort("::1", 26379));
    assertEquals(
        new RedisUrl(
            Form.SENTINEL, hosts, 2, true, "me", new Secret("pw"), "calls", new Secret("h&sh")),
        url);
    assertEquals("rediss-sentinel://a:26379,b:26380,[::1]:26379/2?master=calls", url.toString());
    assertEquals("mymaster", parse("redis-sentinel://a").master());
  }

  @Test
  void someNodesOfAClusterAreNamed() {
    RedisUrl url = parse("rediss-cluster://me:pw@a,b:7001/0");
    List<HostAndPort> hosts = List.of(new HostAndPort("a", 6379), new HostAndPort("b", 7001));
    assertEquals(new RedisUrl(Form.CLUSTER, hosts, 0, true, "me", new Secret("pw"), "", null), url);
    assertEquals("rediss-cluster://a:6379,b:7001/0", url.toString());
  }

  private static RedisUrl single(
      String host,
      int port,
      int database,
      boolean tls,
      @Nullable String user,
      @Nullable Secret password) {
    List<HostAndPort> hosts = List.of(new HostAndPort(host, port));
    return new RedisUrl(Form.SINGLE, hosts, database, tls, user, password, "", null);
  }

  private static RedisUrl parse(String url) {
    return RedisUrl.parse(new Secret(url));
  }
}
