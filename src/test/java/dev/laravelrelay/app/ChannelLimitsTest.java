package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.call.ClientLimits;
import dev.laravelrelay.socket.Subscriptions;
import dev.laravelrelay.testing.LoopbackHttp;
import dev.laravelrelay.testing.RawClient;
import dev.laravelrelay.testing.TestRelay;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** What one client may ask of the relay, and through it of Laravel, by all at once. */
@Timeout(60)
class ChannelLimitsTest {

  private static LoopbackHttp laravel;
  private static TestRelay relay;

  @BeforeAll
  static void start() throws IOException {
    laravel = new LoopbackHttp(LoopbackHttp.json(200, "true"));
    relay = TestRelay.start(laravel.url());
  }

  @BeforeEach
  void admitAll() {
    laravel.answer(LoopbackHttp.json(200, "true"));
  }

  @AfterAll
  static void stop() {
    relay.close();
    laravel.close();
  }

  private static String subscription(String channel) {
    return "{\"event\":\"subscribe\",\"data\":{\"channel\":\"%s\"}}".formatted(channel);
  }

  /** All answers, once there are so many. */
  private static List<JsonNode> answers(RawClient client, int count) {
    Awaitility.await().until(() -> answers(client).size() >= count);
    return answers(client);
  }

  private static List<JsonNode> answers(RawClient client) {
    return Stream.of("subscribed", "subscription_error", "auth_renewed", "auth_error")
        .flatMap(name -> client.messages(name).stream())
        .map(message -> message.get("data"))
        .toList();
  }

  private static long granted(List<JsonNode> answers) {
    return answers.stream().filter(answer -> answer.get("ok").asBoolean()).count();
  }

  private static long tooMany(List<JsonNode> answers) {
    return answers.stream().filter(answer -> answer.path("code").asInt() == 429).count();
  }

  @Test
  void oneMoreThanTheChannelsOfASessionIsRefusedAlsoIfAllAreAskedForAtOnce() {
    int asked = Subscriptions.MAX_CHANNELS + 1;
    try (RawClient client = RawClient.plain(relay.socketUrl(), "token=public")) {
      for (int i = 0; i < asked; i++) {
        client.send(subscription("news." + i));
      }
      List<JsonNode> answers = answers(client, asked);
      assertEquals(Subscriptions.MAX_CHANNELS, granted(answers));
      assertEquals(1, tooMany(answers));
      client.send(subscription("news.0"));
      assertEquals(
          Subscriptions.MAX_CHANNELS + 1,
          granted(answers(client, asked + 1)),
          "it is in that one already");
    }
  }

  @Test
  void asManyAreRefusedWhileLaravelThinks() {
    CountDownLatch thought = new CountDownLatch(1);
    laravel.answer(
        exchange -> {
          thought.await();
          LoopbackHttp.json(200, "true").to(exchange);
        });
    int asked = Subscriptions.MAX_CHANNELS + 20;
    int before = laravel.requests().size();
    try (RawClient client = RawClient.plain(relay.socketUrl(), "token=private")) {
      for (int i = 0; i < asked; i++) {
        client.send(subscription("private-orders." + i));
      }
      Awaitility.await().until(() -> laravel.requests().size() > before);
      thought.countDown();
      List<JsonNode> answers = answers(client, asked);
      assertEquals(Subscriptions.MAX_CHANNELS, granted(answers));
      assertEquals(asked, granted(answers) + tooMany(answers));
    }
  }

  @Test
  void whoAsksOnAndOnIsRefusedAndLaravelIsNotAsked() {
    laravel.answer(LoopbackHttp.json(403, "{}"));
    int before = laravel.requests().size();
    double limited = relay.metric("relay_client_events_limited_total{limit=\"requests\"");
    int asked = ClientLimits.REQUESTS_AT_ONCE * 2;
    try (RawClient client = RawClient.plain(relay.socketUrl(), "token=eager")) {
      for (int i = 0; i < asked; i += 2) {
        client.send(subscription("private-orders." + i));
        client.send("{\"event\":\"auth\",\"data\":{\"token\":\"someone\"}}");
      }
      List<JsonNode> answers = answers(client, asked);
      assertEquals(0, granted(answers));
      long refused = tooMany(answers);
      assertTrue(
          refused > 0 && refused <= ClientLimits.REQUESTS_AT_ONCE, () -> refused + " of them");
      assertTrue(laravel.requests().size() - before <= asked - refused);
      assertEquals(
          limited + refused, relay.metric("relay_client_events_limited_total{limit=\"requests\""));
    }
  }
}
