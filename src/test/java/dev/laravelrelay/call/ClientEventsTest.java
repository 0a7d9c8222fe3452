package dev.laravelrelay.call;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.config.WebhookConfig;
import dev.laravelrelay.delivery.Backplane.Published;
import dev.laravelrelay.delivery.Emitter;
import dev.laravelrelay.delivery.MemoryEmittedIds;
import dev.laravelrelay.delivery.Notice;
import dev.laravelrelay.delivery.Webhook;
import dev.laravelrelay.event.CallTerms;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.testing.Deliveries;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ClientEventsTest {

  private static final RawJson CALL = RawJson.of("{\"callId\":\"c-1\"}");

  private final Deliveries node = new Deliveries();
  private final MemoryCallDirectory calls = new MemoryCallDirectory(node.metrics, node.clock);
  private final List<Event> published = new ArrayList<>();
  private final List<Notice> told = new ArrayList<>();
  private Published fate = new Published.Done(List.of());
  private CompletionStage<Webhook.Answer> laravel =
      CompletableFuture.completedStage(new Webhook.Answer.Queued());

  private final ClientEvents events =
      new ClientEvents(
          new WebhookConfig(
              Optional.empty(), List.of(), 1, Duration.ZERO, List.of("chat:*", "ping"), 2, 3, 30),
          calls,
          new Emitter(
              event -> {
                published.add(event);
                return CompletableFuture.completedStage(fate);
              },
              node.receipts,
              new MemoryEmittedIds(node.metrics, node.clock)),
          new Webhook() {
            @Override
            public void tell(Notice notice) {
              told.add(notice);
            }

            @Override
            public CompletionStage<Answer> ask(Notice notice) {
              told.add(notice);
              return laravel;
            }
          },
          node.metrics,
          node.clock);

  @BeforeEach
  void announce() {
    calls.register(new CallTerms("c-1", "1", "2", 60)).toCompletableFuture().join();
  }

  private static ClientReply reply(ClientEvents.Source source, String event, RawJson... args) {
    return source.event(event, List.of(args)).toCompletableFuture().join();
  }

  private static JsonNode ack(ClientReply reply) {
    return JsonMapper.shared()
        .readTree(
            switch (reply) {
              case ClientReply.Done(RawJson ack) -> ack.toString();
              case ClientReply.Refused(RawJson _, RawJson ack) -> ack.toString();
              case ClientReply.Ignored _ -> throw new AssertionError("ignored");
            });
  }

  @Test
  void theOtherPartyIsToldWithHoldAndTheSendersOtherDevicesWithout() {
    reply(events.of("2", "9.9"), "call:reject", CALL);

    Event rejected = published.getFirst();
    assertEquals("call:rejected", rejected.name());
    assertEquals(new Target.User("1"), rejected.target());
    assertEquals(30, rejected.terms().holdSeconds());
    assertEquals("call:c-1", rejected.terms().collapseKey());
    Event handled = published.get(1);
    assertEquals("call:handled", handled.name());
    assertEquals(new Target.User("2"), handled.target());
    assertEquals("9.9", handled.terms().except());
    assertEquals(0, handled.terms().holdSeconds());
    assertEquals("call:c-1", told.getFirst().lane());
  }

  @Test
  void whereTheOtherPartyCannotBeToldLaravelStillIs() {
    fate = new Published.Unavailable(1);
    JsonNode ack = ack(reply(events.of("2", "9.9"), "call:reject", CALL));
    assertEquals("unavailable", ack.get("code").asString());
    assertEquals(Notice.Kind.CALL, told.getFirst().kind());
    assertTrue(told.getFirst().data().toString().contains("\"status\":\"rejected\""));
  }

  @Test
  void aRefusedSignalIsForwardedToNobody() {
    JsonNode ack = ack(reply(events.of("3", "9.9"), "call:end", CALL));
    assertEquals("not_party", ack.get("code").asString());
    assertEquals(List.of(), published);
    assertEquals(List.of(), told);
  }

  @Test
  void oneUsersSessionsShareOneRate() {
    ClientReply last = reply(events.of("1", "1.0"), "ping");
    for (int i = 1; i < 1_000 && last instanceof ClientReply.Done; i++) {
      last = reply(events.of("1", "1." + i), "ping");
    }
    assertEquals("rate_limited", ack(last).get("code").asString());
    assertEquals(true, ack(reply(events.of("2", "2.1"), "ping")).get("ok").asBoolean());
    assertEquals(1, node.count("relay_client_events_limited"));
  }

  @Test
  void whatNobodyWantsCostsNothingOfTheRate() {
    ClientEvents.Source phone = events.of("1", "1.1");
    for (int i = 0; i < 100; i++) {
      assertInstanceOf(ClientReply.Ignored.class, reply(phone, "chat", CALL));
    }
    assertEquals("queued", ack(reply(phone, "chat:typing", CALL)).get("verdict").asString());
    assertEquals(100, node.count("relay_client_events_ignored"));
  }

  @Test
  void allArgumentsGoToLaravelAsTheyCame() {
    reply(events.of("1", "1.1"), "ping", RawJson.of("1.50"), RawJson.of("{\"b\":1,\"a\":2}"));
    assertEquals(
        "{\"event\":\"ping\",\"user\":\"1\",\"socket_id\":\"1.1\",\"data\":1.50,"
            + "\"args\":[1.50,{\"b\":1,\"a\":2}]}",
        told.getFirst().data().toString());
    assertEquals("user:1", told.getFirst().lane());
  }

  @Test
  void aPayloadThatIsTooLargeForLaravelIsRefused() {
    RawJson large = RawJson.of("\"" + "x".repeat(ClientEvents.MAX_BYTES) + "\"");
    JsonNode ack = ack(reply(events.of("1", "1.1"), "ping", large));
    assertEquals("invalid", ack.get("code").asString());
    assertEquals(List.of(), told);
  }

  @Test
  void whatFailsIsAnsweredAndNotLostInALog() {
    laravel = CompletableFuture.failedStage(new IllegalStateException("the queue is away"));
    assertEquals("unavailable", ack(reply(events.of("1", "1.1"), "ping")).get("code").asString());
  }

  @Test
  void aPayloadTooDeepToReadIsInvalid() {
    RawJson deep = RawJson.of("[".repeat(600) + "]".repeat(600));
    assertEquals(
        "invalid", ack(reply(events.of("1", "1.1"), "call:end", deep)).get("code").asString());
  }
}
