package dev.laravelrelay.e2e;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Both nodes are restarted, one after the other, while 100 events a second go out with hold. */
@Timeout(180)
class RollingRestartE2E {

  private static final int PER_SECOND = 100;
  private static final int PHONES = 24;
  private static final Duration BACK = Duration.ofSeconds(10);

  private final AtomicInteger emitted = new AtomicInteger();
  private final AtomicInteger retried = new AtomicInteger();
  private final Map<Integer, Set<Integer>> sent = new TreeMap<>();

  @Test
  void noEventIsLostAndEveryClientIsSoonBack() throws InterruptedException {
    List<Phone> phones = new ArrayList<>();
    ScheduledExecutorService laravel = Executors.newSingleThreadScheduledExecutor();
    try (TwoNodes nodes = new TwoNodes(Map.of());
        Balancer nginx = Balancer.nginx(nodes.a, nodes.b)) {
      for (int user = 0; user < PHONES; user++) {
        phones.add(phone(nginx, user));
      }
      laravel.scheduleAtFixedRate(
          () -> emit(nodes), 0, 1_000_000 / PER_SECOND, TimeUnit.MICROSECONDS);

      List<Long> backs = new ArrayList<>();
      for (RelayProcess node : List.of(nodes.a, nodes.b)) {
        settle(3); // the balancer has seen the one before
        backs.addAll(restart(node, phones));
      }
      settle(2);
      laravel.shutdown();
      assertTrue(laravel.awaitTermination(10, TimeUnit.SECONDS));

      await("every event to have arrived")
          .atMost(Duration.ofSeconds(30))
          .until(() -> missing(phones) == 0);
      report(phones, backs);
      assertEquals(0, missing(phones));
      long worst = backs.stream().mapToLong(Long::longValue).max().orElseThrow();
      assertTrue(worst < BACK.toNanos(), () -> "one was away for " + worst / 1_000_000 + " ms");
    } finally {
      laravel.shutdownNow();
      phones.forEach(Phone::close);
    }
  }

  private static Phone phone(Balancer nginx, int user) {
    PhoneKind kind = user % 6 == 5 ? PhoneKind.NODE : PhoneKind.values()[user % 3];
    Phone.Transports transports = Phone.Transports.values()[user / 2 % 3];
    Phone phone =
        kind.make(nginx.url("d" + user), transports, TwoNodes.auth(user), List.of("ring"));
    Ears.connect(phone, transports);
    return phone;
  }

  /** As a Laravel behind a balancer of its own: where one node does not take it, to the other. */
  private void emit(TwoNodes nodes) {
    int number = emitted.getAndIncrement();
    int user = number % PHONES;
    String body =
        "{\"user\":%d,\"event\":\"ring\",\"data\":{\"n\":%d},\"hold\":60,\"id\":\"n-%d\"}"
            .formatted(user, number, number);
    for (int attempt = 0; ; attempt++) {
      RelayProcess node = (number + attempt) % 2 == 0 ? nodes.a : nodes.b;
      try {
        HttpResponse<String> reply = node.emit(body);
        if (reply.statusCode() == 200) {
          sent.computeIfAbsent(user, key -> new HashSet<>()).add(number);
          return;
        }
      } catch (UncheckedIOException down) {
        // the other one, then
      }
      retried.incrementAndGet();
    }
  }

  /** How long each of its clients was away, in nanoseconds from the beginning of the drain. */
  private static List<Long> restart(RelayProcess node, List<Phone> phones) {
    Map<Phone, Integer> connects = new TreeMap<>((p, q) -> phones.indexOf(p) - phones.indexOf(q));
    phones.forEach(phone -> connects.put(phone, Ears.all(phone, "connect").size()));
    assertTrue(TwoNodes.sessions(node) > 0, "nobody is on the node that is restarted");
    long drain = System.nanoTime();
    assertEquals(0, node.stop());
    await("the clients of the node to be back")
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(5))
        .until(() -> phones.stream().allMatch(Phone::connected));
    List<Long> backs =
        phones.stream()
            .filter(phone -> Ears.all(phone, "connect").size() > connects.get(phone))
            .map(phone -> Ears.nth(phone, "connect", connects.get(phone) + 1).nanos() - drain)
            .toList();
    assertFalse(backs.isEmpty(), "nobody had to come back");
    node.restart();
    return backs;
  }

  private void settle(int seconds) {
    int target = emitted.get() + seconds * PER_SECOND;
    await().atMost(Duration.ofSeconds(30)).until(() -> emitted.get() >= target);
  }

  private int missing(List<Phone> phones) {
    return IntStream.range(0, PHONES)
        .map(
            user -> {
              Set<Integer> missing = new HashSet<>(sent.getOrDefault(user, Set.of()));
              missing.removeAll(new HashSet<>(numbers(phones.get(user))));
              return missing.size();
            })
        .sum();
  }

  private static List<Integer> numbers(Phone phone) {
    return Ears.all(phone, "ring").stream()
        .map(heard -> TwoNodes.json(heard.args().getFirst()).path("n").asInt())
        .toList();
  }

  private void report(List<Phone> phones, List<Long> backs) {
    int heard = phones.stream().mapToInt(phone -> numbers(phone).size()).sum();
    Timings away = new Timings("rolling restart: from the drain's beginning to a client's return");
    backs.forEach(nanos -> away.add(nanos / 1_000));
    away.print();
    long worst = backs.stream().mapToLong(Long::longValue).max().orElseThrow();
    Timings.print("rolling restart: the last client's return", worst);
    Timings.count("rolling restart: events", emitted.get());
    Timings.count("rolling restart: lost", missing(phones));
    Timings.count("rolling restart: repeats", heard - emitted.get());
    Timings.count("rolling restart: emits that went to the other node", retried.get());
  }
}
