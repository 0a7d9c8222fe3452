package dev.laravelrelay.laravel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.call.CallEmitter;
import dev.laravelrelay.call.MemoryCallDirectory;
import dev.laravelrelay.config.DeliveryConfig;
import dev.laravelrelay.config.Secret;
import dev.laravelrelay.delivery.Backplane.Published;
import dev.laravelrelay.delivery.Emitter;
import dev.laravelrelay.delivery.MemoryBackplane;
import dev.laravelrelay.delivery.MemoryEmittedIds;
import dev.laravelrelay.delivery.MemoryWebhookQueue;
import dev.laravelrelay.delivery.Notice;
import dev.laravelrelay.delivery.Webhook.Answer;
import dev.laravelrelay.delivery.WebhookQueue.Dead;
import dev.laravelrelay.event.CallTerms;
import dev.laravelrelay.event.EventCodec;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.testing.Deliveries;
import dev.laravelrelay.testing.LaravelHooks;
import dev.laravelrelay.testing.LogCapture;
import dev.laravelrelay.testing.LoopbackHttp;
import dev.laravelrelay.testing.ManualClock;
import io.micrometer.core.instrument.Counter;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

@Timeout(60)
class WebhooksTest {

  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final Deliveries node = new Deliveries();
  private final ManualClock clock = new ManualClock(Instant.now());
  private final MemoryWebhookQueue queue = new MemoryWebhookQueue(10_000, node.metrics, clock);
  private final MemoryCallDirectory calls = new MemoryCallDirectory(node.metrics, clock);
  private LaravelHooks laravel;
  private Webhooks webhooks;
  private ReplyEmits replyEmits;
  private volatile boolean away;

  @BeforeEach
  void start() throws Exception {
    laravel = new LaravelHooks();
    webhooks =
        new Webhooks(
            laravel.url(),
            laravel.config(Duration.ZERO),
            queue,
            node.metrics,
            InstantSource.system(),
            Duration.ofSeconds(20));
    replyEmits = replyEmits(Duration.ofMinutes(1));
    webhooks.start(replyEmits);
  }

  private ReplyEmits replyEmits(Duration patience) {
    return new ReplyEmits(
        new EventCodec(new DeliveryConfig(0, 100, 1 << 20, 1 << 24), clock),
        new CallEmitter(calls, emitter(), node.dispatcher.backlog()),
        1 << 20,
        timer,
        patience,
        node.metrics);
  }

  private Emitter emitter() {
    MemoryBackplane here = new MemoryBackplane(node.dispatcher, node.held);
    return new Emitter(
        event ->
            away
                ? CompletableFuture.completedStage(new Published.Unavailable(1))
                : here.publish(event),
        node.receipts,
        new MemoryEmittedIds(node.metrics, node.clock));
  }

  @AfterEach
  void stop() throws InterruptedException {
    webhooks.stop();
    laravel.close();
    timer.shutdownNow();
  }

  private static Notice notice(String lane, int number) {
    return new Notice(
        lane + "-" + number,
        Notice.Kind.CLIENT_EVENT,
        lane,
        number,
        RawJson.of("{\"n\":" + number + ",\"lane\":\"" + lane + "\"}"));
  }

  private void assertInOrderAndEachTaken(int lanes, int each, List<JsonNode> taken) {
    HashSet<String> seen = new HashSet<>();
    int[] next = new int[lanes];
    for (JsonNode event : taken) {
      if (seen.add(event.get("id").asString())) {
        int lane = Integer.parseInt(event.at("/data/lane").asString().substring(1));
        assertEquals(next[lane]++, event.at("/data/n").asInt(), taken::toString);
      }
    }
    assertEquals(lanes * each, seen.size());
  }

  private void awaitDelivered(int count) {
    Awaitility.await().until(() -> node.count("relay_webhooks_delivered") == count);
  }

  @Test
  void noticesComeInBatchesAndInOrder() {
    for (int number = 0; number < 200; number++) {
      for (int lane = 0; lane < 5; lane++) {
        webhooks.tell(notice("l" + lane, number));
      }
    }
    List<JsonNode> taken = laravel.await("client_event", 1_000);
    assertEquals(1_000, taken.size());
    assertInOrderAndEachTaken(5, 200, taken);
    assertTrue(laravel.requests().size() < 500, () -> laravel.requests().size() + " requests");
    awaitDelivered(1_000);
    JsonNode first = taken.getFirst();
    assertEquals(List.of("id", "type", "occurred_at", "data"), List.copyOf(first.propertyNames()));
  }

  @Test
  void whileLaravelIsDownNothingIsLostAndAllComesInOrderOnceItIsBack() {
    LoopbackHttp.Reply well = LoopbackHttp.json(200, "{}");
    AtomicBoolean back = new AtomicBoolean();
    AtomicInteger asked = new AtomicInteger();
    laravel.answer(
        exchange -> {
          asked.incrementAndGet();
          if (!back.get()) {
            throw new IllegalStateException("down");
          }
          well.to(exchange);
        });
    for (int number = 0; number < 100; number++) {
      for (int lane = 0; lane < 5; lane++) {
        webhooks.tell(notice("l" + lane, number));
      }
    }
    assertInstanceOf(
        Answer.Queued.class, webhooks.ask(notice("asked", 0)).toCompletableFuture().join());
    Awaitility.await().until(() -> asked.get() >= 3);
    back.set(true);
    Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> queue.size() == 0);

    List<JsonNode> all =
        laravel.events("client_event").stream()
            .filter(event -> !event.at("/data/lane").asString().equals("asked"))
            .toList();
    assertInOrderAndEachTaken(5, 100, all);
    awaitDelivered(501);
    assertEquals(0, node.count("relay_webhooks_dropped"));
    assertTrue(asked.get() < 60, () -> asked + " requests");
  }

  @Test
  void aNoticeThatLaravelRefusesHoldsUpItsOwnLaneOnly() {
    laravel.answer(
        exchange -> {
          boolean poison = LoopbackHttp.answered().body().contains("\"poison\"");
          LoopbackHttp.json(poison ? 500 : 200, "{}").to(exchange);
        });
    webhooks.tell(notice("poison", 0));
    webhooks.tell(notice("poison", 1));
    for (int number = 0; number < 20; number++) {
      webhooks.tell(notice("l0", number));
    }
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> queue.size() == 2 && attempts("refused") >= 1);
  }

  @Test
  void whatIsAskedIsAnsweredWithLaravelsAck() throws Exception {
    laravel.answer(LoopbackHttp.json(200, "{\"ack\":{\"price\":1.50,\"ok\":true}}"));
    Answer.Replied replied =
        assertInstanceOf(
            Answer.Replied.class,
            webhooks.ask(notice("l0", 0)).toCompletableFuture().get(25, TimeUnit.SECONDS));
    assertEquals("{\"price\":1.50,\"ok\":true}", String.valueOf(replied.ack()));
  }

  @Test
  void aReplyThatIsNoJsonSaysNothing() throws Exception {
    laravel.answer(LoopbackHttp.reply(200, "text/html", "<p>OK"));
    Answer.Replied replied =
        assertInstanceOf(
            Answer.Replied.class,
            webhooks.ask(notice("l0", 0)).toCompletableFuture().get(25, TimeUnit.SECONDS));
    assertEquals("null", String.valueOf(replied.ack()));
  }

  @Test
  void whatLaravelRefusesForADayIsDead() {
    laravel.answer(LoopbackHttp.json(500, "{}"));
    clock.advance(Duration.ofHours(-25));
    webhooks.tell(notice("l0", 0));
    Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> dead().size() == 1);
    assertEquals("Laravel answers 500", dead().getFirst().error());
    assertEquals(0, queue.size());

    laravel.answer(LoopbackHttp.json(200, "{}"));
    clock.advance(Duration.ofHours(25));
    assertEquals(1, queue.retryAll().toCompletableFuture().join());
    Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> queue.size() == 0);
    assertEquals(0, dead().size());
  }

  private List<Dead> dead() {
    return queue.dead().toCompletableFuture().join();
  }

  @Test
  void atMostAHundredEmitsOfAReplyAreTaken() {
    String emits = ",{\"user\":1,\"event\":\"a\"}".repeat(103).substring(1);
    laravel.answer(LoopbackHttp.json(200, "{\"emit\":[" + emits + "]}"));
    webhooks.tell(notice("l0", 0));
    Awaitility.await().until(() -> queue.size() == 0);
    assertEquals(
        100, node.meters.get("relay_webhook_emits").tag("result", "emitted").counter().count());
    assertEquals(
        1, node.meters.get("relay_webhook_emits").tag("result", "invalid").counter().count());
  }

  @Test
  void anEmitOfAReplyThatIsNotTakenIsCounted() {
    calls.register(new CallTerms("c-1", "7", "8", 60)).toCompletableFuture().join();
    laravel.answer(
        LoopbackHttp.json(
            200,
            "{\"emit\":[{\"user\":1,\"event\":\"a\",\"call\":{\"id\":\"c-1\",\"caller\":2,\"receiver\":1,"
                + "\"ttl\":60}}]}"));
    webhooks.tell(notice("l0", 0));
    Awaitility.await().until(() -> queue.size() == 0);
    assertEquals(
        1, node.meters.get("relay_webhook_emits").tag("result", "refused").counter().count());
    assertEquals(0, node.count("relay_emits"));
  }

  private static String emits(int count) {
    List<String> all =
        IntStream.range(0, count)
            .mapToObj("{\"user\":1,\"event\":\"call:rejected\",\"data\":%d,\"hold\":60}"::formatted)
            .toList();
    return "{\"emit\":[" + String.join(",", all) + "]}";
  }

  private double emits(String result) {
    return node.meters.find("relay_webhook_emits").tag("result", result).counters().stream()
        .mapToDouble(Counter::count)
        .sum();
  }

  private static void awaitThat(Callable<Boolean> condition) {
    Awaitility.await().atMost(Duration.ofSeconds(30)).until(condition);
  }

  @Test
  void anEmitOfAReplyThatCannotBeTakenIsTriedAgain() {
    away = true;
    laravel.answer(LoopbackHttp.json(200, emits(1)));
    webhooks.tell(notice("l0", 0));
    awaitThat(() -> emits("retried") > 0);
    assertEquals(0, emits("refused"));
    away = false;
    awaitThat(() -> emits("emitted") == 1);
    assertEquals(1, node.held.events());
    assertEquals(0, emits("refused"));
  }

  @Test
  void whatFollowsWaitsBehindIt() {
    away = true;
    replyEmits.emit(WebhookReply.of(emits(1).getBytes(UTF_8)));
    assertEquals(1, emits("retried"));
    away = false;
    replyEmits.emit(WebhookReply.of(emits(2).getBytes(UTF_8)));
    awaitThat(() -> emits("emitted") == 3);
    assertEquals(
        List.of("0", "0", "1"),
        node.held.of("1").toCompletableFuture().join().stream()
            .map(event -> event.data().toString())
            .toList());
  }

  @Test
  void whatMayHaveReachedSomeIsNotEmittedAgain() {
    away = true;
    replyEmits.emit(
        WebhookReply.of("{\"emit\":[{\"users\":[1,2],\"event\":\"a\"}]}".getBytes(UTF_8)));
    assertEquals(1, emits("refused"));
    assertEquals(0, emits("retried"));
  }

  @Test
  void itIsRefusedWhenItsTimeIsOver() {
    away = true;
    replyEmits(Duration.ofMillis(1_500)).emit(WebhookReply.of(emits(1).getBytes(UTF_8)));
    assertEquals(1, emits("retried"));
    awaitThat(() -> emits("refused") == 1);
    assertEquals(0, emits("emitted"));
  }

  @Test
  void onlySoManyWaitAndTheStopSaysThatTheyAreLost() throws Exception {
    away = true;
    for (int i = 0; i < ReplyEmits.MAX_WAITING / 100; i++) {
      replyEmits.emit(WebhookReply.of(emits(100).getBytes(UTF_8)));
    }
    assertEquals(0, emits("refused"));
    replyEmits.emit(WebhookReply.of(emits(2).getBytes(UTF_8)));
    assertEquals(2, emits("refused"));
    try (LogCapture log = new LogCapture(ReplyEmits.class.getName())) {
      webhooks.stop();
      assertTrue(log.text().contains("are lost"), log::text);
    }
  }

  @Test
  void aLargeOneThatWaitsCountsForSeveral() {
    away = true;
    String large = emits(1).replace("0,", "\"" + "x".repeat(10 * ReplyEmits.PART) + "\",");
    for (int i = 0; i < ReplyEmits.MAX_WAITING / 11; i++) {
      replyEmits.emit(WebhookReply.of(large.getBytes(UTF_8)));
    }
    assertEquals(0, emits("refused"));
    replyEmits.emit(WebhookReply.of(large.getBytes(UTF_8)));
    assertEquals(1, emits("refused"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"user\":1,\"event\":\"a\"}", "\"all\"", "{\"1\":{}}", "true"})
  void anEmitThatIsNoListIsCounted(String emit) throws Exception {
    laravel.answer(LoopbackHttp.json(200, "{\"emit\":" + emit + ",\"ack\":1}"));
    assertEquals("1", String.valueOf(asked().ack()));
    assertEquals(1, invalidEmits());
  }

  @Test
  void aReplyThatIsTooLargeSaysNothingAndIsNotAskedForAgain() throws Exception {
    String ack = "x".repeat(WebhookSender.MAX_REPLY);
    laravel.answer(LoopbackHttp.json(200, "{\"ack\":\"" + ack + "\"}"));
    assertEquals("null", String.valueOf(asked().ack()));
    assertEquals(1, invalidEmits());
    Awaitility.await().until(() -> queue.size() == 0);
    assertEquals(1, laravel.requests().size());
  }

  @Test
  void aLongPageOfAnErrorIsARefusalAndHoldsUpNobodyElse() {
    String page = "x".repeat(WebhookSender.MAX_REPLY + 1);
    laravel.answer(
        exchange -> {
          boolean poison = LoopbackHttp.answered().body().contains("\"poison\"");
          LoopbackHttp.json(poison ? 500 : 200, poison ? page : "{}").to(exchange);
        });
    webhooks.tell(notice("poison", 0));
    Awaitility.await().until(() -> attempts("refused") >= 1);
    webhooks.tell(notice("l0", 0));
    Awaitility.await().until(() -> queue.size() == 1);
    assertEquals(0, attempts("unavailable"));
  }

  private Answer.Replied asked() throws Exception {
    return assertInstanceOf(
        Answer.Replied.class,
        webhooks.ask(notice("l0", 0)).toCompletableFuture().get(25, TimeUnit.SECONDS));
  }

  private double invalidEmits() {
    return node.meters.get("relay_webhook_emits").tag("result", "invalid").counter().count();
  }

  private double attempts(String result) {
    Counter counter = node.meters.find("relay_webhook_attempts").tag("result", result).counter();
    return counter == null ? 0 : counter.count();
  }

  @Test
  void theSignatureIsTheOneInTheReadme() {
    byte[] body = "{\"events\":[]}".getBytes(UTF_8);
    assertEquals(SIGNED, WebhookSignature.of(new Secret("secret"), 1_795_358_188L, body));
  }

  /** {@code printf '%s' '1795358188.{"events":[]}' | openssl dgst -sha256 -hmac secret}. */
  private static final String SIGNED =
      "v1=f458d672c3a67bab9966d80281c87e7240bfe8700a59e6f89d43eecbaf8147a8";
}
