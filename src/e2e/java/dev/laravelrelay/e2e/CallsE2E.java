package dev.laravelrelay.e2e;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The callee taps Reject. Approach A: her app says it on its socket, the caller hears it, and
 * Laravel learns it by a webhook. Approach B: her app says it to Laravel, which writes the row and
 * tells the relay.
 */
@Timeout(240)
class CallsE2E {

  private static final int WARM_UP = 50;
  private static final int CALLS = 500;
  private static final Duration AWAY = Duration.ofSeconds(20);
  private static final long PACE_MILLIS = 52;
  private static final int LARAVELS_WORKERS = 4;

  private static Stage stage;

  @BeforeAll
  static void setUp() {
    stage = Stage.withWebhooks(Map.of("RELAY_CLIENT_RATE", "1000", "RELAY_USER_RATE", "1000"));
  }

  @AfterAll
  static void tearDown() {
    stage.close();
  }

  /** When the callee tapped. */
  private record Tap(long nanos, long epochMicros) {

    static Tap now() {
      return new Tap(System.nanoTime(), ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now()));
    }
  }

  /** The two waits of one approach. */
  private record Waits(String approach, Timings listener, Timings row) {

    Waits(String approach) {
      this(
          approach,
          new Timings("tap to listener, " + approach),
          new Timings("tap to row, " + approach));
    }

    void add(Tap tap, Heard heard, LaravelProcess.RowWritten written) {
      listener.add((heard.nanos() - tap.nanos) / 1000);
      row.add(written.epochMicros() - tap.epochMicros);
    }

    void print() {
      listener.print();
      row.print();
      Timings.print(
          String.format(
              Locale.ROOT,
              "| %s | %.1f / %.1f ms | %.1f / %.1f ms |",
              approach,
              listener.millis(50),
              listener.millis(99),
              row.millis(50),
              row.millis(99)));
    }
  }

  @Test
  void onTheSocketItIsFasterThanThroughLaravelAndTheRowIsWrittenEitherWay() {
    Waits a = new Waits("approach A");
    Waits b = new Waits("approach B");
    try (Phone caller = stage.phone(Stage.CALLER, "call:rejected");
        Phone callee = stage.phone(Stage.CALLEE, "call:error")) {
      List<String> calls = ring(2 * (WARM_UP + CALLS));
      long quietSince = System.nanoTime();
      for (int run = 1; run <= WARM_UP + CALLS; run++) {
        String throughLaravel = calls.get(2 * run - 2);
        Tap tapB = Tap.now();
        stage.reject(throughLaravel);
        Heard heardB = heard(caller, 2 * run - 1, throughLaravel);
        var writtenB = written(throughLaravel);

        awaitQuiet(quietSince);
        String onTheSocket = calls.get(2 * run - 1);
        Tap tapA = Tap.now();
        reject(callee, onTheSocket);
        quietSince = tapA.nanos;
        Heard heardA = heard(caller, 2 * run, onTheSocket);
        var writtenA = written(onTheSocket);

        if (run > WARM_UP) {
          a.add(tapA, heardA, writtenA);
          b.add(tapB, heardB, writtenB);
        }
      }
      a.print();
      b.print();
      assertEquals(0, Ears.all(callee, "call:error").size());
      assertTrue(a.listener.millis(50) < b.listener.millis(50));
      assertEquals("", stage.laravel.log());
    }
  }

  @Test
  void whileLaravelIsAwayTheCallerHearsAsFastAndEveryRowIsWrittenOnceItIsBack() throws Exception {
    Timings there = new Timings("tap to listener, approach A, Laravel there");
    Timings away = new Timings("tap to listener, approach A, Laravel away");
    Map<String, Tap> taps = new ConcurrentHashMap<>();
    try (ScheduledExecutorService timer = Executors.newScheduledThreadPool(2);
        Phone caller = stage.phone(Stage.CALLER, "call:rejected");
        Phone callee = stage.phone(Stage.CALLEE, "call:error")) {
      List<String> calls = ring(CALLS);
      var next = calls.iterator();
      var tapping =
          timer.scheduleAtFixedRate(
              () -> {
                if (next.hasNext()) {
                  String call = next.next();
                  taps.put(call, Tap.now());
                  reject(callee, call);
                }
              },
              0,
              PACE_MILLIS,
              TimeUnit.MILLISECONDS);
      await().until(() -> taps.size() >= CALLS / 8);
      stage.laravel.kill();
      long gone = System.nanoTime();
      timer.schedule(stage.laravel::restart, AWAY.toMillis(), TimeUnit.MILLISECONDS).get();
      long back = System.nanoTime();
      List<Heard> heard = heard(caller, calls);
      tapping.cancel(false);
      awaitRows(calls);
      Timings.print("Laravel back to the last row", System.nanoTime() - back);

      for (Heard one : heard) {
        Tap tap = taps.get(callOf(one));
        boolean wasAway = tap.nanos - gone > 0 && tap.nanos - back < 0;
        (wasAway ? away : there).add((one.nanos() - tap.nanos) / 1000);
      }
      there.print();
      away.print();
      assertTrue(away.millis(99) < Math.max(5_000, 3 * there.millis(99)));
      assertEquals(0, Ears.all(callee, "call:error").size());
      assertEachRowWasRejectedOnce(Set.copyOf(calls));
    }
  }

  /**
   * By the database's own count of changes, and by the app's of statements, of which each worker
   * that was killed may have left out one.
   */
  private static void assertEachRowWasRejectedOnce(Set<String> calls) {
    List<JsonNode> rows =
        StreamSupport.stream(stage.laravel.calls().spliterator(), false)
            .filter(row -> calls.contains(row.path("id").asString()))
            .toList();
    assertEquals(calls.size(), rows.size());
    for (JsonNode row : rows) {
      assertEquals("rejected", row.path("status").asString(), row.toString());
      assertEquals("User declined", row.path("reason").asString(), row.toString());
      assertEquals(1, row.path("changes").asInt(), row.toString());
    }
    Map<String, Long> written =
        stage.laravel.rowsWritten().stream()
            .filter(row -> calls.contains(row.call()))
            .collect(groupingBy(LaravelProcess.RowWritten::call, counting()));
    assertEquals(Set.of(1L), new HashSet<>(written.values()), written::toString);
    assertTrue(written.size() >= calls.size() - LARAVELS_WORKERS, written::toString);
  }

  private static List<String> ring(int calls) {
    return IntStream.range(0, calls).parallel().mapToObj(call -> stage.ring()).toList();
  }

  /**
   * A person does not tap so often: for 40 ms after a small write a client's TCP may keep the next
   * one back (Nagle's algorithm, which OkHttp leaves on, and a delayed ACK).
   */
  private static void awaitQuiet(long since) {
    await()
        .pollInterval(Duration.ofMillis(1))
        .until(() -> System.nanoTime() - since > Duration.ofMillis(50).toNanos());
  }

  private static void reject(Phone callee, String call) {
    callee.tell("call:reject", "{\"callId\":\"" + call + "\"}");
  }

  private static Heard heard(Phone caller, int count, String call) {
    Heard heard = Ears.nth(caller, "call:rejected", count);
    assertEquals(call, callOf(heard));
    return heard;
  }

  /** How the caller heard of each of these calls first, in her order. */
  private static List<Heard> heard(Phone caller, List<String> calls) {
    Map<String, Heard> heard = new LinkedHashMap<>();
    await("all calls to be heard")
        .atMost(Duration.ofSeconds(90))
        .until(
            () -> {
              Ears.all(caller, "call:rejected").forEach(one -> heard.putIfAbsent(callOf(one), one));
              return heard.size() >= calls.size();
            });
    assertEquals(calls, List.copyOf(heard.keySet()));
    return List.copyOf(heard.values());
  }

  private static String callOf(Heard heard) {
    return JsonMapper.shared().readTree(heard.args().getFirst()).path("callId").asString();
  }

  private static LaravelProcess.RowWritten written(String call) {
    return await("the row of " + call)
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(2))
        .until(
            () ->
                stage.laravel.rowsWritten().stream()
                    .filter(row -> row.call().equals(call))
                    .findFirst(),
            java.util.Optional::isPresent)
        .orElseThrow();
  }

  private static void awaitRows(List<String> calls) {
    await("every row to be written")
        .atMost(Duration.ofSeconds(90))
        .pollInterval(Duration.ofMillis(500))
        .until(
            () ->
                StreamSupport.stream(stage.laravel.calls().spliterator(), false)
                    .filter(row -> row.path("status").asString().equals("rejected"))
                    .map(row -> row.path("id").asString())
                    .toList()
                    .containsAll(calls));
  }
}
