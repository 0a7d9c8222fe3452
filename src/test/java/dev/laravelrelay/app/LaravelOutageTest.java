package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.config.WebhookConfig;
import dev.laravelrelay.testing.LaravelHooks;
import dev.laravelrelay.testing.LoopbackHttp;
import dev.laravelrelay.testing.StockClient;
import dev.laravelrelay.testing.StockClient.Transports;
import dev.laravelrelay.testing.TestRelay;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.json.JSONException;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Laravel is away in the middle: no phone notices, and Laravel misses nothing. */
@Timeout(90)
class LaravelOutageTest {

  private static final int CALLS = 120;

  @Test
  void signalsAreAsFastAndEveryCallIsToldOnceLaravelIsBack() throws Exception {
    Set<String> taken = ConcurrentHashMap.newKeySet();
    List<String> rows = new CopyOnWriteArrayList<>();
    AtomicBoolean down = new AtomicBoolean();
    try (LaravelHooks laravel = new LaravelHooks();
        TestRelay relay = TestRelay.start(unlimited(laravel.config(Duration.ofSeconds(10))));
        StockClient caller = phone(relay, "1", "call:rejected");
        StockClient callee = phone(relay, "2", "call:error")) {
      laravel.answer(
          exchange -> {
            if (down.get()) {
              throw new IllegalStateException("down");
            }
            take(LoopbackHttp.answered(), taken, rows);
            LoopbackHttp.json(200, "{}").to(exchange);
          });
      List<Long> millis = new ArrayList<>();
      for (int call = 0; call < CALLS; call++) {
        down.set(call >= CALLS / 3 && call < CALLS * 2 / 3);
        millis.add(reject(relay, caller, callee, call));
      }
      Awaitility.await()
          .atMost(Duration.ofSeconds(40))
          .until(() -> new HashSet<>(List.copyOf(rows)).size() == CALLS);

      assertEquals(CALLS, caller.count("call:rejected"));
      assertEquals(0, callee.count("call:error"));
      assertEquals(CALLS, rows.size(), "by id each was told once");
      List<Long> sorted = millis.stream().sorted().toList();
      assertTrue(sorted.get(CALLS * 95 / 100) < 500, sorted::toString);
      assertEquals(0, relay.metric("relay_webhooks_dropped_total"));
    }
  }

  private static StockClient phone(TestRelay relay, String user, String... events) {
    return new StockClient(relay.socketUrl(), Transports.WEBSOCKET, user, events).connect();
  }

  private static WebhookConfig unlimited(WebhookConfig config) {
    return new WebhookConfig(
        config.url(),
        config.secrets(),
        config.queue(),
        config.presenceGrace(),
        config.clientEvents(),
        10_000,
        10_000,
        config.callHoldSeconds());
  }

  /** Milliseconds from the tap to the caller's listener. */
  private static long reject(TestRelay relay, StockClient caller, StockClient callee, int call)
      throws JSONException {
    relay.put("/api/calls/c-" + call, "{\"caller\":1,\"receiver\":2,\"ttl\":60}");
    long tap = System.nanoTime();
    callee.socket().emit("call:reject", new JSONObject().put("callId", "c-" + call));
    long heard = caller.await("call:rejected", call + 1).get(call).nanos();
    return Duration.ofNanos(heard - tap).toMillis();
  }

  /** As Laravel would: an id that is known changes nothing. */
  private static synchronized void take(
      LoopbackHttp.Request request, Set<String> taken, List<String> rows) {
    JsonNode events = JsonMapper.shared().readTree(request.body()).get("events");
    for (JsonNode event : events) {
      if (event.get("type").asString().equals("call") && taken.add(event.get("id").asString())) {
        rows.add(event.at("/data/callId").asString() + event.at("/data/status").asString());
      }
    }
  }
}
