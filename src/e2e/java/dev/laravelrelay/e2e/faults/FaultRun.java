package dev.laravelrelay.e2e.faults;

import dev.laravelrelay.testing.DroppingProxy;
import dev.laravelrelay.testing.StockClient;
import dev.laravelrelay.testing.StockClient.Transports;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/**
 * Stock phones, each behind a network of its own that fails, while a backend emits to random ones
 * of them. Of ten phones six speak WebSocket, two poll and two upgrade.
 */
final class FaultRun {

  /**
   * How hard it is.
   *
   * @param hold of every event, in seconds
   * @param settle how long to wait in the end for events that have not come
   */
  record Settings(int phones, int perSecond, Duration time, int hold, Duration settle) {}

  private static final long SEED = 20_261_101;

  private final Settings settings;
  private final Consumer<StockClient> prepare;

  /**
   * To be run.
   *
   * @param prepare what is done to each phone before it connects
   */
  FaultRun(Settings settings, Consumer<StockClient> prepare) {
    this.settings = settings;
    this.prepare = prepare;
  }

  /** Runs it against a server; its API takes emits as the relay does. */
  FaultReport run(int socketPort, URI api, String key) throws InterruptedException {
    List<DroppingProxy> networks = new ArrayList<>();
    List<StockClient> phones = new ArrayList<>();
    ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
    try (Emits emits = new Emits(api, key, settings.hold(), settings.phones())) {
      for (int user = 0; user < settings.phones(); user++) {
        DroppingProxy network = new DroppingProxy(socketPort);
        networks.add(network);
        StockClient phone =
            new StockClient(network.url(), transports(user), Integer.toString(user), "ring");
        prepare.accept(phone);
        phones.add(phone.connect());
      }
      Outages outages = new Outages(networks, timer, SEED);
      emit(emits, timer);
      outages.stop();
      var replies = emits.join();
      FaultReport.Arrivals arrivals = new FaultReport.Arrivals(phones);
      awaitQuiet(() -> arrivals.missing(replies) == 0);
      return FaultReport.of(settings, outages.drops(), replies, arrivals);
    } finally {
      timer.shutdownNow();
      phones.forEach(StockClient::close);
      networks.forEach(DroppingProxy::close);
    }
  }

  private static Transports transports(int user) {
    return switch (user % 10) {
      case 0, 1 -> Transports.POLLING;
      case 2, 3 -> Transports.UPGRADE;
      default -> Transports.WEBSOCKET;
    };
  }

  private void emit(Emits emits, ScheduledExecutorService timer) throws InterruptedException {
    Random random = new Random(SEED);
    int count = (int) settings.time().toSeconds() * settings.perSecond();
    AtomicInteger number = new AtomicInteger();
    CountDownLatch done = new CountDownLatch(count);
    ScheduledFuture<?> emitting =
        timer.scheduleAtFixedRate(
            () -> {
              if (done.getCount() > 0) {
                emits.emit(number.incrementAndGet(), random.nextInt(settings.phones()));
                done.countDown();
              }
            },
            0,
            1_000_000 / settings.perSecond(),
            TimeUnit.MICROSECONDS);
    done.await();
    emitting.cancel(false);
  }

  private void awaitQuiet(Callable<Boolean> allThere) {
    try {
      Awaitility.await()
          .atMost(settings.settle())
          .pollInterval(Duration.ofMillis(200))
          .until(allThere);
    } catch (ConditionTimeoutException someAreLost) {
      // The report says how many.
    }
  }
}
