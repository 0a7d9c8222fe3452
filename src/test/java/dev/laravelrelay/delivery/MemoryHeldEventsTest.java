package dev.laravelrelay.delivery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.config.DeliveryConfig;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.event.Terms;
import io.micrometer.core.instrument.Counter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MemoryHeldEventsTest extends HeldEventsContract {

  @Override
  protected MemoryHeldEvents create(DeliveryConfig limits) {
    return new MemoryHeldEvents(limits, metrics, now::get);
  }

  @Test
  void theOldestOfAllGoesWhenAllTogetherAreTooBig() throws Exception {
    int weight = HeldEvents.weight(sized("a1", 1_000));
    MemoryHeldEvents held = create(new DeliveryConfig(0, 100, 1 << 20, 3L * weight));
    hold(held, "1", sized("a1", 1_000));
    hold(held, "2", sized("a2", 1_000));
    hold(held, "1", sized("a3", 1_000));
    assertEquals(3L * weight, held.bytes());
    hold(held, "3", sized("a4", 1_000));
    assertEquals(List.of("a3"), ids(held, "1"));
    hold(held, "3", sized("a5", 1_000));
    assertEquals(List.of(), ids(held, "2"));
    assertEquals(List.of("a3"), ids(held, "1"));
    assertEquals(List.of("a4", "a5"), ids(held, "3"));
    assertEquals(2, ended("evicted"));
    assertEquals(3L * weight, held.bytes());
  }

  @Test
  void theExpiredOfOthersMakeRoomBeforeAnythingIsEvicted() throws Exception {
    int weight = HeldEvents.weight(event("a1"));
    MemoryHeldEvents held = create(new DeliveryConfig(0, 100, 1 << 20, 2L * weight));
    hold(held, "1", event("a1"));
    hold(held, "2", event("a2", 1, null));
    now.addAndGet(1_000);
    hold(held, "3", event("a3"));
    assertEquals(List.of("a1"), ids(held, "1"));
    assertEquals(0, ended("evicted"));
    assertEquals(1, ended("expired"));
  }

  @Test
  void theSweepForgetsTheExpiredOfAllAndTellsOfEachOnce() throws Exception {
    List<String> told = new ArrayList<>();
    MemoryHeldEvents held =
        new MemoryHeldEvents(
            LIMITS, metrics, now::get, (user, event) -> told.add(user + " " + event.id()));
    hold(held, "1", event("a", 20, null), event("b", 10, null));
    hold(held, "2", event("c", 15, null));
    assertEquals(0, held.expire(now.get() + 9_999));
    assertEquals(2, held.expire(now.get() + 15_000));
    assertEquals(List.of("1 b", "2 c"), told);
    assertEquals(1, held.events());
    assertEquals(1, held.expire(now.get() + 20_000));
    assertEquals(0, held.expire(now.get() + 20_000));
    assertEquals(List.of("1 b", "2 c", "1 a"), told);
    assertEquals(0, held.events());
    assertEquals(0, held.bytes());
    assertEquals(3, ended("expired"));
  }

  @Test
  void theGaugesShowWhatIsHeld() throws Exception {
    MemoryHeldEvents held = create(LIMITS);
    hold(held, "1", event("a"), event("b"));
    hold(held, "2", event("a"));
    assertEquals(3, registry.find("relay_held_events").gauge().value());
    assertEquals(
        3 * HeldEvents.weight(event("a")), registry.find("relay_held_bytes").gauge().value());
  }

  @Test
  void aSmallSliceOfABigBodyDoesNotKeepTheBody() throws Exception {
    MemoryHeldEvents held = create(LIMITS);
    byte[] body = new byte[100_000];
    byte[] data = "{\"a\":1}".getBytes(StandardCharsets.UTF_8);
    System.arraycopy(data, 0, body, 500, data.length);
    RawJson slice = RawJson.slice(body, 500, data.length);
    hold(
        held,
        "1",
        new Event("a", "e", slice, new Target.User("1"), new Terms(30, 0, null, null), now.get()));
    body[501] = '!';
    assertEquals("{\"a\":1}", of(held, "1").getFirst().data().toString());
  }

  @Test
  void theBooksBalanceAfterManyThreadsAtOnce() throws Exception {
    int threads = 6;
    int users = 20;
    var told = new ConcurrentLinkedQueue<String>();
    MemoryHeldEvents held =
        new MemoryHeldEvents(
            new DeliveryConfig(0, 10, 8_000, 100_000),
            metrics,
            now::get,
            (user, event) -> told.add(event.id()));
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Future<Void>> runs = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        runs.add(pool.submit(hammer(held, t, users)));
      }
      for (Future<Void> run : runs) {
        run.get(50, TimeUnit.SECONDS);
      }
    } finally {
      pool.shutdownNow();
    }
    int left = 0;
    long bytes = 0;
    for (int user = 0; user < users; user++) {
      List<Event> events = of(held, "u" + user);
      assertTrue(events.size() <= 10);
      left += events.size();
      bytes += events.stream().mapToLong(HeldEvents::weight).sum();
    }
    assertEquals(left, held.events());
    assertEquals(bytes, held.bytes());
    assertTrue(bytes <= 100_000);
    assertEquals(stored(), left + allEnded());
    assertEquals(ended("expired"), told.size());
    for (String reason : List.of("released", "expired", "evicted", "collapsed", "dropped")) {
      assertTrue(ended(reason) > 0, reason + " did not happen");
    }
    for (int user = 0; user < users; user++) {
      await(held.drop("u" + user));
    }
    assertEquals(0, held.events());
    assertEquals(0, held.bytes());
    assertEquals(stored(), allEnded());
  }

  private Callable<Void> hammer(MemoryHeldEvents held, int thread, int users) {
    return () -> {
      SplittableRandom random = new SplittableRandom(thread);
      for (int i = 0; i < 20_000; i++) {
        String user = "u" + random.nextInt(users);
        switch (random.nextInt(20)) {
          case 0 -> held.drop(user);
          case 1 -> held.expire(now.addAndGet(50));
          case 2, 3, 4, 5, 6 ->
              held.release(user, "e" + random.nextInt(i + 1) + "-" + random.nextInt(6));
          case 7, 8 -> {
            List<Event> events = of(held, user);
            if (!events.isEmpty()) {
              held.release(user, events.get(random.nextInt(events.size())).id());
            }
          }
          default -> {
            String key = random.nextInt(4) == 0 ? "k" + random.nextInt(3) : null;
            String id = "e" + i + "-" + thread;
            Event event =
                new Event(
                    id,
                    "call:rejected",
                    RawJson.of("\"" + "x".repeat(random.nextInt(2_000)) + "\""),
                    new Target.User(user),
                    new Terms(1 + random.nextInt(5), 0, key, null),
                    now.get());
            held.hold(user, event);
            if (random.nextInt(10) == 0) {
              held.hold("u" + random.nextInt(users), event);
            }
          }
        }
      }
      return null;
    };
  }

  private double allEnded() {
    return registry.find("relay_held_ended").counters().stream().mapToDouble(Counter::count).sum();
  }
}
