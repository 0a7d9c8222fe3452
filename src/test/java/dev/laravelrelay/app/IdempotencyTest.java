package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.RawClient;
import dev.laravelrelay.testing.TestRelay;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** The same id is emitted once, however often and however it comes. */
@Timeout(60)
class IdempotencyTest {

  private static TestRelay relay;

  @BeforeAll
  static void start() {
    relay = TestRelay.start();
  }

  @AfterAll
  static void stop() {
    relay.close();
  }

  @Test
  void aRepeatIsAnsweredWithTheFirstVerdict() {
    String emit = body("late", 1, "call-1");
    JsonNode first = relay.emit(emit);
    assertEquals("held", first.get("verdict").asString());
    assertFalse(first.has("duplicate"));

    try (RawClient client = RawClient.plain(relay.socketUrl(), "token=late")) {
      client.awaitNumbers("ring", 1);
      JsonNode second = relay.emit(emit);

      assertEquals("held", second.get("verdict").asString(), "what became of the first");
      assertTrue(second.get("duplicate").asBoolean());
      relay.emit(body("late", 2, "call-2"));
      assertEquals(List.of(1, 2), client.awaitNumbers("ring", 2));
    }
  }

  @Test
  void manyAtOnceRingOnce() {
    try (RawClient client = RawClient.plain(relay.socketUrl(), "token=many")) {
      String emit = body("many", 1, "call-many");
      List<CompletableFuture<HttpResponse<String>>> replies =
          IntStream.range(0, 50).mapToObj(i -> relay.postAsync(emit)).toList();
      List<JsonNode> bodies = replies.stream().map(r -> TestRelay.json(r.join())).toList();

      assertEquals(49, bodies.stream().filter(body -> body.has("duplicate")).count());
      bodies.forEach(body -> assertEquals("confirmed", body.get("verdict").asString()));
      relay.emit(body("many", 2, "call-many-2"));
      assertEquals(List.of(1, 2), client.awaitNumbers("ring", 2));
    }
  }

  @Test
  void theSameIdForSomethingElseIsAConflict() {
    relay.emit(body("conflict", 1, "call-3"));

    HttpResponse<String> reply = relay.post(body("conflict", 2, "call-3"));

    assertEquals(409, reply.statusCode());
    assertTrue(reply.body().contains("\"id\""), reply.body());
    try (RawClient client = RawClient.plain(relay.socketUrl(), "token=conflict")) {
      assertEquals(List.of(1), client.awaitNumbers("ring", 1));
    }
  }

  @Test
  void aConflictAnnouncesNoCall() {
    relay.emit(body("called-1", 1, "call-4"));

    assertEquals(409, relay.post(ringing("called-1", "call-4", "c-4")).statusCode());

    assertEquals(404, relay.get("/api/calls/c-4").statusCode());
  }

  @Test
  void aRepeatDoesNotLetACallRingAnew() {
    String emit = ringing("called-2", "call-5", "c-5");
    relay.emit(emit);
    assertEquals(200, relay.delete("/api/calls/c-5").statusCode());

    assertTrue(relay.emit(emit).get("duplicate").asBoolean());

    assertEquals(404, relay.get("/api/calls/c-5").statusCode());
  }

  @Test
  void anIdIsFreeAgainWhereTheCallWasAnothers() {
    relay.put("/api/calls/c-6", "{\"caller\":\"others\",\"receiver\":\"called-3\"}");
    String emit = ringing("called-3", "call-6", "c-6");
    assertEquals(409, relay.post(emit).statusCode());
    relay.delete("/api/calls/c-6");

    assertFalse(relay.emit(emit).has("duplicate"));

    assertEquals(200, relay.get("/api/calls/c-6").statusCode());
  }

  private static String ringing(String user, String id, String callId) {
    return """
        {"user":"%1$s","event":"ring","id":"%2$s",
        "call":{"id":"%3$s","caller":"anna","receiver":"%1$s","ttl":60}}"""
        .formatted(user, id, callId);
  }

  private static String body(String user, int n, String id) {
    return """
        {"user":"%s","event":"ring","data":{"n":%d},"hold":30,"confirm":8000,"id":"%s"}"""
        .formatted(user, n, id);
  }
}
