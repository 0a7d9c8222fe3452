package dev.laravelrelay.e2e.faults;

import dev.laravelrelay.testing.DroppingProxy;
import dev.laravelrelay.testing.DroppingProxy.Drop;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Lets each phone fall off its network every few seconds, for 1 to 3 s: half of the times with a
 * close (FIN or RST), half of the times without one. A silent connection is reset when the network
 * is back, or never: then each end has to find out by itself.
 */
final class Outages {

  private static final int MIN_APART_MILLIS = 2_000;
  private static final int MAX_APART_MILLIS = 12_000;

  private final ScheduledExecutorService timer;
  private final Random random;
  private final AtomicInteger drops = new AtomicInteger();
  private volatile boolean over;

  Outages(List<DroppingProxy> networks, ScheduledExecutorService timer, long seed) {
    this.timer = timer;
    this.random = new Random(seed);
    networks.forEach(network -> plan(network, random.nextInt(MAX_APART_MILLIS)));
  }

  private void plan(DroppingProxy network, int millis) {
    timer.schedule(() -> drop(network), millis, TimeUnit.MILLISECONDS);
  }

  private void drop(DroppingProxy network) {
    if (over) {
      return;
    }
    int away = random.nextInt(1_000, 3_000);
    drops.incrementAndGet();
    network.refuse(Duration.ofMillis(away));
    switch (random.nextInt(4)) {
      case 0 -> network.drop(Drop.FIN);
      case 1 -> network.drop(Drop.RST);
      case 2 -> network.drop(Drop.SILENCE);
      default -> {
        network.drop(Drop.SILENCE);
        timer.schedule(network::resetSilent, away, TimeUnit.MILLISECONDS);
      }
    }
    plan(network, away + random.nextInt(MIN_APART_MILLIS, MAX_APART_MILLIS));
  }

  /** From now on the networks stay as they are. */
  void stop() {
    over = true;
  }

  int drops() {
    return drops.get();
  }
}
