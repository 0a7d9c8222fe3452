package dev.laravelrelay.delivery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.delivery.WebhookQueue.Dead;
import dev.laravelrelay.delivery.WebhookQueue.Queued;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.testing.ManualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every queue of webhooks must do. */
@Timeout(60)
public abstract class WebhookQueueContract {

  protected final ManualClock clock = new ManualClock(Instant.ofEpochSecond(1_795_358_188));
  protected final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private WebhookQueue queue;

  /** An empty queue with room for so many. */
  protected abstract WebhookQueue create(int limit, RelayMetrics metrics);

  @BeforeEach
  void createQueue() {
    queue = create(5, new RelayMetrics(meters));
  }

  protected static Notice notice(String lane, int number) {
    return new Notice(lane + number, Notice.Kind.CALL, lane, number, RawJson.of("{\"a\":1.0}"));
  }

  protected static <T> T get(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  protected static Notice add(WebhookQueue queue, String lane, int number) {
    Notice notice = notice(lane, number);
    get(queue.add(notice, false));
    return notice;
  }

  private Notice add(String lane, int number) {
    return add(queue, lane, number);
  }

  protected static List<String> ids(List<Queued> claimed) {
    return claimed.stream().map(queued -> queued.notice().id()).toList();
  }

  private List<String> dead() {
    return get(queue.dead()).stream().map(Dead::id).toList();
  }

  /** What was settled may take a moment to be counted. */
  protected static void assertSize(int size, WebhookQueue queue) {
    Awaitility.await()
        .pollInterval(Duration.ofMillis(2))
        .untilAsserted(() -> assertEquals(size, queue.size()));
  }

  @Test
  void whatIsClaimedIsWhatWasAdded() {
    Notice notice =
        new Notice("i\"d", Notice.Kind.CLIENT_EVENT, "user:{é}\n% ", 7, RawJson.of("[1.50,\"ü\"]"));
    get(queue.add(notice, false));
    List<Queued> claimed = queue.claim(10);
    Notice read = claimed.getFirst().notice();
    assertEquals(notice.id(), read.id());
    assertEquals(notice.kind(), read.kind());
    assertEquals(notice.lane(), read.lane());
    assertEquals(notice.occurredAt(), read.occurredAt());
    assertEquals(notice.data().toString(), read.data().toString());
    assertEquals(clock.millis(), claimed.getFirst().queuedAt());
    queue.delivered(claimed);
    assertSize(0, queue);
  }

  @Test
  void aBatchTakesLanesInTheirOrderAndNobodyElseIsGivenThem() {
    add("b", 1);
    add("a", 1);
    add("b", 2);
    List<Queued> batch = queue.claim(10);
    assertEquals(List.of("b1", "b2", "a1"), ids(batch));

    add("b", 3);
    assertEquals(List.of(), queue.claim(10));
    queue.delivered(batch);
    assertEquals(List.of("b3"), ids(queue.claim(10)));
    assertSize(1, queue);
  }

  @Test
  void whatIsToGoAloneDoes() {
    add("a", 1);
    get(queue.add(notice("a", 2), true));
    add("a", 3);
    get(queue.add(notice("b", 1), true));
    List<Queued> first = queue.claim(10);
    assertEquals(List.of("a1"), ids(first));
    assertEquals(List.of("b1"), ids(queue.claim(10)));
    queue.delivered(first);
    List<Queued> second = queue.claim(10);
    assertEquals(List.of("a2"), ids(second));
    queue.delivered(second);
    assertEquals(List.of("a3"), ids(queue.claim(10)));
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
    assertSize(5, queue);
    assertEquals(1, meters.get("relay_webhooks_dropped").tag("limit", "full").counter().count());
    queue.delivered(underWay);
    assertEquals(List.of("a3", "a4", "a5", "a6"), ids(queue.claim(10)));
  }

  @Test
  void theSameIdIsQueuedOnce() {
    add("a", 1);
    add("a", 1);
    assertSize(1, queue);
  }

  @Test
  void theDeadAreListedAndSentAgain() {
    for (int number = 1; number <= 3; number++) {
      Notice notice = add("a", number);
      queue.died(claimed(notice), "Laravel answers 500");
    }
    assertEquals(List.of("a1", "a2", "a3"), dead());
    assertSize(0, queue);
    assertEquals(
        new Dead("a1", Notice.Kind.CALL, 1, 0, clock.millis(), "Laravel answers 500"),
        get(queue.dead()).getFirst());

    assertTrue(get(queue.retry("a2")));
    assertFalse(get(queue.retry("a2")));
    List<Queued> again = queue.claim(10);
    assertEquals(List.of("a2"), ids(again));
    assertEquals("{\"a\":1.0}", again.getFirst().notice().data().toString());
    assertEquals(2, get(queue.retryAll()));
    assertEquals(List.of(), dead());
  }

  @Test
  void theRestOfAClaimOfWhichOneDiedIsNobodyElses() {
    add("a", 1);
    add("a", 2);
    List<Queued> batch = queue.claim(10);
    queue.died(batch.getFirst(), "Laravel answers 500");
    assertEquals(List.of(), queue.claim(10));
    queue.refused(batch.subList(1, 2), Duration.ofSeconds(1));
    clock.advance(Duration.ofSeconds(1));
    List<Queued> rest = queue.claim(10);
    assertEquals(List.of("a2"), ids(rest));
    assertEquals(1, rest.getFirst().attempts());
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
  @Test
  void everyLaneKeepsItsOrderInAnyWeather() {
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      List<Integer> lanes = random.ints(40, 0, 4).boxed().toList();
      List<Integer> fates = random.ints(20, 0, 4).boxed().toList();
      WebhookQueue all = create(1_000, new RelayMetrics(new SimpleMeterRegistry()));
      deliverAll(all, lanes, fates, 1 + random.nextInt(7));
    }
  }

  /** Delivers notices of these lanes; the batches meet these fates. */
  protected void deliverAll(WebhookQueue all, List<Integer> lanes, List<Integer> fates, int most) {
    for (int i = 0; i < lanes.size(); i++) {
      get(all.add(notice("lane" + lanes.get(i) + "-", i), lanes.get(i) == 3));
    }
    List<Notice> delivered = new ArrayList<>();
    for (int round = 0; delivered.size() < lanes.size(); round++) {
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
    assertSize(0, all);
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
