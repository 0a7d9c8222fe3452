package dev.laravelrelay.delivery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.delivery.WebhookQueue.Queued;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.testing.ManualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class MemoryWebhookQueueTest {

  private final ManualClock clock = new ManualClock(Instant.ofEpochSecond(1_795_358_188));
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final MemoryWebhookQueue queue =
      new MemoryWebhookQueue(5, new RelayMetrics(meters), clock);

  private static Notice notice(String lane, int number) {
    return new Notice(lane + number, Notice.Kind.CALL, lane, number, RawJson.EMPTY_OBJECT);
  }

  private Notice add(String lane, int number) {
    Notice notice = notice(lane, number);
    queue.add(notice, false);
    return notice;
  }

  private static List<String> ids(List<Queued> claimed) {
    return claimed.stream().map(queued -> queued.notice().id()).toList();
  }

  @Test
  void aBatchTakesLanesInTheirOrderAndNobodyElseIsGivenThem() {
    add("a", 1);
    add("b", 1);
    add("a", 2);
    List<Queued> batch = queue.claim(10);
    assertEquals(List.of("a1", "a2", "b1"), ids(batch));

    add("a", 3);
    assertEquals(List.of(), queue.claim(10));
    queue.delivered(batch);
    assertEquals(List.of("a3"), ids(queue.claim(10)));
    assertEquals(1, queue.size());
  }

  @Test
  void whatIsRefusedRestsWithItsLaneAndThenGoesAlone() {
    add("a", 1);
    add("a", 2);
    add("b", 1);
    queue.refused(queue.claim(2), Duration.ofSeconds(3));
    List<Queued> other = queue.claim(10);
    assertEquals(List.of("b1"), ids(other));
    queue.delivered(other);
    assertEquals(List.of(), queue.claim(10));

    clock.advance(Duration.ofSeconds(3));
    List<Queued> alone = queue.claim(10);
    assertEquals(List.of("a1"), ids(alone));
    assertEquals(1, alone.getFirst().attempts());
    queue.delivered(alone);
    assertEquals(List.of("a2"), ids(queue.claim(10)));
  }

  @Test
  void whatIsReleasedIsAsItWas() {
    add("a", 1);
    add("a", 2);
    queue.release(queue.claim(10));
    List<Queued> again = queue.claim(10);
    assertEquals(List.of("a1", "a2"), ids(again));
    assertEquals(0, again.getFirst().attempts());
  }

  @Test
  void aNoticeIsClaimedAloneOnlyInItsTurn() {
    Notice first = add("a", 1);
    Notice second = add("a", 2);
    assertNull(queue.claim(second));
    Queued claimed = queue.claim(first);
    assertNotNull(claimed);
    assertNull(queue.claim(second));
    queue.delivered(List.of(claimed));
    assertNotNull(queue.claim(second));
  }

  @Test
  void atTheLimitTheOldestThatIsNotUnderWayIsDroppedAndCounted() {
    add("a", 1);
    List<Queued> underWay = queue.claim(1);
    IntStream.rangeClosed(2, 6).forEach(number -> add("a", number));
    assertEquals(5, queue.size());
    assertEquals(1, meters.get("relay_webhooks_dropped").tag("limit", "full").counter().count());
    queue.delivered(underWay);
    assertEquals(List.of("a3", "a4", "a5", "a6"), ids(queue.claim(10)));
  }

  @Test
  void theSameIdIsQueuedOnce() {
    add("a", 1);
    add("a", 1);
    assertEquals(1, queue.size());
  }

  @Test
  void theDeadAreListedAndSentAgain() {
    for (int number = 1; number <= 3; number++) {
      Notice notice = add("a", number);
      queue.died(claimed(notice), "Laravel answers 500");
    }
    assertEquals(0, queue.size());
    assertEquals("a1", queue.dead().getFirst().notice().id());
    assertEquals("Laravel answers 500", queue.dead().getFirst().error());

    assertTrue(queue.retry("a2"));
    assertFalse(queue.retry("a2"));
    assertEquals(List.of("a2"), ids(queue.claim(10)));
    assertEquals(2, queue.retryAll());
    assertEquals(List.of(), queue.dead());
  }

  private Queued claimed(Notice notice) {
    Queued claimed = queue.claim(notice);
    assertNotNull(claimed);
    return claimed;
  }

  @Test
  void theAgeOfTheOldestIsShown() {
    add("a", 1);
    clock.advance(Duration.ofSeconds(7));
    add("a", 2);
    assertEquals(7, meters.get("relay_webhooks_oldest_seconds").gauge().value());
    assertEquals(2, meters.get("relay_webhooks_queued").gauge().value());
  }

  /** Whatever becomes of the batches, each lane is delivered whole and in order. */
  @Property(tries = 300)
  void everyLaneKeepsItsOrder(
      @ForAll @Size(max = 40) List<@IntRange(min = 0, max = 3) Integer> lanes,
      @ForAll @Size(min = 1, max = 20) List<@IntRange(min = 0, max = 3) Integer> fates,
      @ForAll @IntRange(min = 1, max = 7) int most) {
    MemoryWebhookQueue all =
        new MemoryWebhookQueue(1_000, new RelayMetrics(new SimpleMeterRegistry()), clock);
    for (int i = 0; i < lanes.size(); i++) {
      all.add(notice("lane" + lanes.get(i) + "-", i), lanes.get(i) == 3);
    }
    List<Notice> delivered = new ArrayList<>();
    for (int round = 0; all.size() > 0; round++) {
      assertTrue(round < 1_000);
      List<Queued> first = all.claim(most);
      List<Queued> second = all.claim(most);
      settle(all, second, fates.get(round % fates.size()), round, delivered);
      settle(all, first, fates.get((round + 1) % fates.size()), round, delivered);
      clock.advance(Duration.ofSeconds(1));
    }
    assertEquals(lanes.size(), delivered.size());
    for (int lane = 0; lane < 4; lane++) {
      String name = "lane" + lane + "-";
      List<Long> order =
          delivered.stream()
              .filter(notice -> notice.lane().equals(name))
              .map(Notice::occurredAt)
              .toList();
      assertEquals(order.stream().sorted().toList(), order);
    }
  }

  private static void settle(
      WebhookQueue queue, List<Queued> claimed, int fate, int round, List<Notice> delivered) {
    if (claimed.isEmpty()) {
      return;
    }
    if (fate == 0 && round < 100) {
      queue.refused(claimed, Duration.ofSeconds(1));
    } else if (fate == 1 && round < 100) {
      queue.release(claimed);
    } else {
      claimed.forEach(one -> delivered.add(one.notice()));
      queue.delivered(claimed);
    }
  }
}
