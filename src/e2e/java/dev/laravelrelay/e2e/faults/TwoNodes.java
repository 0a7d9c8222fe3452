package dev.laravelrelay.e2e.faults;

import static org.awaitility.Awaitility.await;

import dev.laravelrelay.e2e.RelayProcess;
import dev.laravelrelay.testing.DroppingProxy;
import dev.laravelrelay.testing.DroppingProxy.Drop;
import dev.laravelrelay.testing.StockClient;
import dev.laravelrelay.testing.StockClient.Transports;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * Two relays over a Redis, Laravel at the first and stock clients at the second, behind a proxy
 * that may lead them elsewhere.
 */
final class TwoNodes implements AutoCloseable {

  /** What goes wrong, and is over when it returns. */
  @FunctionalInterface
  interface Fault {
    void happen() throws Exception;
  }

  private static final Duration BEFORE = Duration.ofMillis(700);
  private static final Duration AFTERWARDS = Duration.ofMillis(1_000);
  private static final Duration PATIENCE = Duration.ofSeconds(120);

  final RelayProcess a;
  RelayProcess b;
  final DroppingProxy phonesWay;
  private final Map<String, String> settings;
  private final Map<String, StockClient> phones = new LinkedHashMap<>();
  private int runs;
  private int next;

  TwoNodes(String redisUrl) {
    settings =
        Map.of(
            "RELAY_AUTH",
            "none",
            "RELAY_REDIS_URL",
            redisUrl,
            "RELAY_STREAM_IN_FLIGHT",
            "0",
            "RELAY_LOG_LEVEL",
            "warn");
    a = RelayProcess.start(settings);
    b = RelayProcess.start(settings);
    phonesWay = new DroppingProxy(b.port());
    for (int i = 0; i < Traffic.USERS; i++) {
      phone("h" + i);
      phone("p" + i);
    }
    phone(Probe.USER);
  }

  private void phone(String user) {
    StockClient phone =
        new StockClient(phonesWay.url(), Transports.WEBSOCKET, user, "ring").connect();
    phones.put(user, phone);
  }

  /** Starts the second node again with more in its environment; the phones follow. */
  void replaceB(Map<String, String> more) {
    b.close();
    Map<String, String> all = new HashMap<>(settings);
    all.putAll(more);
    b = RelayProcess.start(all);
    phonesToB();
  }

  /** All phones are at the second node again. */
  void phonesToB() {
    phonesWay.redirect(b.port());
    phonesWay.drop(Drop.RST);
    LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
    await("phones")
        .atMost(PATIENCE)
        .until(() -> phones.values().stream().allMatch(phone -> phone.socket().connected()));
    await("phones at the second node")
        .atMost(PATIENCE)
        .until(
            () ->
                IntStream.range(0, Traffic.USERS)
                    .allMatch(i -> a.get("/api/users/h" + i).body().contains("\"online\":true")));
  }

  /** Lets it happen under traffic; answers what it did when all is whole again. */
  FaultRow suffer(String name, Fault fault) throws Exception {
    try (Probe probe = new Probe(List.of(a, b));
        Traffic traffic = new Traffic(a.apiUrl(), "run" + ++runs + "-" + System.nanoTime(), next)) {
      await("a whole relay").atMost(PATIENCE).until(probe::isWhole);
      LockSupport.parkNanos(BEFORE.toNanos());
      probe.forget();
      long begun = System.nanoTime();
      fault.happen();
      long ended = System.nanoTime();
      LockSupport.parkNanos(AFTERWARDS.toNanos());
      await("whole again").atMost(PATIENCE).until(probe::isWhole);
      long notReadyAfter = probe.notReadyAfter(begun);
      long wholeAfter = probe.wholeAfter(ended);
      Queue<Traffic.Reply> replies = traffic.end();
      next = replies.stream().mapToInt(Traffic.Reply::number).max().orElse(next) + 1;
      awaitAll(replies);
      FaultRow row =
          FaultRow.of(name, replies, arrived(), notReadyAfter, wholeAfter, probe.residentMb());
      System.out.println(row);
      return row;
    }
  }

  /** What is under way arrives, or has had its time. */
  private void awaitAll(Queue<Traffic.Reply> replies) {
    long until = System.nanoTime() + Duration.ofSeconds(6).toNanos();
    while (System.nanoTime() < until) {
      Map<String, List<Integer>> arrived = arrived();
      if (replies.stream()
          .filter(Traffic.Reply::isAccepted)
          .filter(reply -> !reply.verdict().equals("offline"))
          .allMatch(reply -> arrived.get(reply.user()).contains(reply.number()))) {
        return;
      }
      LockSupport.parkNanos(Duration.ofMillis(200).toNanos());
    }
  }

  private Map<String, List<Integer>> arrived() {
    Map<String, List<Integer>> arrived = new HashMap<>();
    phones.forEach((user, phone) -> arrived.put(user, phone.numbers("ring")));
    return arrived;
  }

  @Override
  public void close() {
    phones.values().forEach(StockClient::close);
    phonesWay.close();
    a.close();
    b.close();
  }
}
