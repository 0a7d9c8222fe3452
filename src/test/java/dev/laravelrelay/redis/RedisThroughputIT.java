package dev.laravelrelay.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.delivery.Emission;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.event.Terms;
import dev.laravelrelay.testing.TestRedis;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * How many events one node publishes, beside what redis-benchmark does with the same Redis. Says
 * something on a quiet machine only, and runs with {@code -Drelay.throughput=true}.
 */
@Timeout(120)
class RedisThroughputIT {

  private static final int CLIENTS = 50;
  private static final int EVENTS = 100_000;

  @Test
  void oneNodePublishesAtLeastHalfOfWhatRedisBenchmarkDoes() throws Exception {
    Assumptions.assumeTrue(Boolean.getBoolean("relay.throughput"), "a measurement");
    try (TestRedis redis = TestRedis.start();
        TestNode node = TestNode.patient(redis.url(), "bench:")) {
      Assumptions.assumeTrue(hasBenchmark(), "no redis-benchmark");
      measure(node, EVENTS, Terms.NONE); // the compiler warms up
      double best = 0;
      for (int round = 0; round < 3 && best < 0.5; round++) {
        double theirs = benchmark(redis.url());
        double ours = measure(node, EVENTS, Terms.NONE);
        System.out.printf(
            "PUBLISH, %d at a time: redis-benchmark %.0f/s, one node %.0f events/s%n",
            CLIENTS, theirs, ours);
        best = Math.max(best, ours / theirs);
      }
      double held = measure(node, EVENTS / 5, new Terms(30, 0, null, null));
      System.out.printf("held and published: %.0f events/s%n", held);
      assertTrue(best >= 0.5, "only %.2f of redis-benchmark".formatted(best));
    }
  }

  /** Events a second, each client waiting for its verdict before the next. */
  private static double measure(TestNode node, int events, Terms terms) throws Exception {
    List<Callable<Void>> clients = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      clients.add(
          () -> {
            for (int n = 0; n < events / CLIENTS; n++) {
              Target user = new Target.User("user-" + n % 1_000);
              while (!(node.emit(TestNode.event(user, terms)) instanceof Emission.Accepted)) {
                LockSupport.parkNanos(5_000_000);
              }
            }
            return null;
          });
    }
    long start = System.nanoTime();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Void> client : threads.invokeAll(clients)) {
        client.get();
      }
    }
    return events / ((System.nanoTime() - start) / 1e9);
  }

  private static boolean hasBenchmark() {
    try {
      return new ProcessBuilder("redis-benchmark", "--version").start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static double benchmark(String url) throws Exception {
    URI uri = URI.create(url);
    Process process =
        new ProcessBuilder(
                "redis-benchmark",
                "-h",
                uri.getHost(),
                "-p",
                Integer.toString(uri.getPort()),
                "-c",
                Integer.toString(CLIENTS),
                "-n",
                Integer.toString(EVENTS),
                "-q",
                "publish",
                "bench:u:{user-1}",
                "x".repeat(90))
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    Matcher rate = Pattern.compile("([0-9.]+) requests per second").matcher(output);
    assertTrue(rate.find(), output);
    return Double.parseDouble(rate.group(1));
  }
}
