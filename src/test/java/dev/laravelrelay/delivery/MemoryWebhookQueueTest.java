package dev.laravelrelay.delivery;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.laravelrelay.metrics.RelayMetrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class MemoryWebhookQueueTest extends WebhookQueueContract {

  @Override
  protected WebhookQueue create(int limit, RelayMetrics metrics) {
    return new MemoryWebhookQueue(limit, metrics, clock);
  }

  @Test
  void allOfItIsLostWithTheProcess() {
    WebhookQueue queue = create(5, new RelayMetrics(new SimpleMeterRegistry()));
    add(queue, "a", 1);
    assertEquals(1, queue.unkept());
  }

  @Property(tries = 300)
  void everyLaneKeepsItsOrder(
      @ForAll @Size(max = 40) List<@IntRange(min = 0, max = 3) Integer> lanes,
      @ForAll @Size(min = 1, max = 20) List<@IntRange(min = 0, max = 3) Integer> fates,
      @ForAll @IntRange(min = 1, max = 7) int most) {
    deliverAll(create(1_000, new RelayMetrics(new SimpleMeterRegistry())), lanes, fates, most);
  }
}
