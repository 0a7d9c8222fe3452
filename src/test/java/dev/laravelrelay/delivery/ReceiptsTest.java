package dev.laravelrelay.delivery;

import static dev.laravelrelay.testing.Deliveries.terms;
import static dev.laravelrelay.testing.Deliveries.user;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.laravelrelay.event.Event;
import dev.laravelrelay.testing.Deliveries;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ReceiptsTest {

  private static final Duration LONG = Duration.ofSeconds(20);

  private final Deliveries node = new Deliveries();
  private final Event event = node.event("a", user("1"), terms(0, 1_000));

  @Test
  void aReceiptThatComesBeforeAnyoneAsksIsNotLost() throws Exception {
    Receipts.Awaited awaited = node.receipts.await(event);
    node.receipts.of(event, "1").received();
    assertEquals(Map.of("1", 1), awaited.from(Set.of("1"), LONG).toCompletableFuture().get());
  }

  @Test
  void everyoneIsWaitedForAndEverySessionCounted() throws Exception {
    Receipts.Awaited awaited = node.receipts.await(event);
    CompletableFuture<Map<String, Integer>> all =
        awaited.from(Set.of("1", "2"), LONG).toCompletableFuture();
    node.receipts.of(event, "1").received();
    node.receipts.of(event, "1").received();
    assertFalse(all.isDone());
    node.receipts.of(event, "2").received();
    assertEquals(Map.of("1", 2, "2", 1), all.get());
  }

  @Test
  void afterTheTimeWhatThereIsCounts() throws Exception {
    Receipts.Awaited awaited = node.receipts.await(event);
    node.receipts.of(event, "2").received();
    CompletableFuture<Map<String, Integer>> all =
        awaited.from(Set.of("1", "2"), Duration.ofMillis(30)).toCompletableFuture();
    assertEquals(Map.of("2", 1), all.get());
    assertEquals(0, node.receipts.awaiting());
    node.receipts.of(event, "1").received();
  }

  @Test
  void aReceiptOfAHeldEventReleasesIt() throws Exception {
    Event held = node.event("h", user("1"), terms(30, 0));
    node.held.hold("1", held);
    node.receipts.of(event, "1").received();
    assertEquals(1, node.held.events());
    node.receipts.of(held, "2").received();
    assertEquals(1, node.held.events());
    node.receipts.of(held, "1").received();
    assertEquals(0, node.held.events());
  }
}
