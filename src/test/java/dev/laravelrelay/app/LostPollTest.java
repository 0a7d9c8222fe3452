package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.RawClient;
import dev.laravelrelay.testing.TestRelay;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A poll's answer that got lost, with its HTTP library asking again by itself: what was in it is
 * neither passed over nor taken for received.
 */
@Timeout(60)
class LostPollTest {

  private final HttpClient http = HttpClient.newHttpClient();
  private TestRelay relay;
  private URI polling;

  @BeforeEach
  void connect() {
    relay = TestRelay.start(Duration.ofSeconds(8), Duration.ofSeconds(6));
    polling = relay.socketUrl().resolve("/socket.io/?EIO=4&transport=polling");
    polling = URI.create(polling + "&sid=" + sid(poll().join()));
    post("40{\"token\":\"1\"}");
    assertTrue(poll().join().startsWith("40{"));
  }

  @AfterEach
  void close() {
    relay.close();
    http.close();
  }

  @Test
  void nothingFollowsBeforeItsPingTimesOut() {
    CompletableFuture<String> lost = poll();
    assertEquals("held", emit(1, 100));
    assertEquals("42[\"ring\",{\"n\":1}]\u001e2", lost.join());

    CompletableFuture<String> again = poll();
    assertEquals("held", emit(2, 300));
    assertFalse(again.isDone(), "it would arrive before the lost one");

    assertEquals("1", again.join(), "the client is to come anew");
    try (RawClient client = RawClient.plain(relay.socketUrl(), "token=1")) {
      assertEquals(List.of(1, 2), client.awaitNumbers("ring", 2));
    }
  }

  @Test
  void aPongLetsTheRestGo() {
    CompletableFuture<String> first = poll();
    assertEquals("held", emit(1, 100));
    first.join();
    CompletableFuture<String> second = poll();
    assertEquals("held", emit(2, 100));

    post("3");

    assertEquals("42[\"ring\",{\"n\":2}]\u001e2", second.join());
  }

  @Test
  void aPongThatIsRepeatedProvesNothing() {
    CompletableFuture<String> first = poll();
    assertEquals("held", emit(1, 100));
    first.join();
    CompletableFuture<String> lost = poll();
    assertEquals("held", emit(2, 100));
    post("3");
    assertEquals("42[\"ring\",{\"n\":2}]\u001e2", lost.join());

    try (HttpClient freshConnection = HttpClient.newHttpClient()) {
      HttpRequest repeat =
          HttpRequest.newBuilder(polling).POST(BodyPublishers.ofString("3")).build();
      assertEquals(
          400, freshConnection.sendAsync(repeat, BodyHandlers.ofString()).join().statusCode());
    }
    try (RawClient client = RawClient.plain(relay.socketUrl(), "token=1")) {
      assertEquals(List.of(2), client.awaitNumbers("ring", 1));
    }
  }

  @Test
  void anUpgradeWaitsForThePongToo() {
    CompletableFuture<String> last = poll();
    assertEquals("held", emit(1, 100));
    assertEquals("42[\"ring\",{\"n\":1}]\u001e2", last.join());
    try (RawClient webSocket = RawClient.probing(relay.socketUrl(), sid())) {
      webSocket.send("5");
      assertEquals("held", emit(2, 300));
      assertEquals(List.of("3probe"), webSocket.frames());

      webSocket.send("3");

      assertEquals(List.of("3probe", "42[\"ring\",{\"n\":2}]", "2"), webSocket.awaitFrames(3));
    }
  }

  private String emit(int n, int confirm) {
    return relay
        .emit(
            "{\"user\":1,\"event\":\"ring\",\"data\":{\"n\":%d},\"hold\":30,\"confirm\":%d}"
                .formatted(n, confirm))
        .get("verdict")
        .asString();
  }

  private static String sid(String open) {
    return open.replaceFirst("^0\\{\"sid\":\"([^\"]+)\".*", "$1");
  }

  private String sid() {
    return polling.getQuery().replaceFirst(".*&sid=", "");
  }

  private CompletableFuture<String> poll() {
    return http.sendAsync(HttpRequest.newBuilder(polling).build(), BodyHandlers.ofString())
        .thenApply(HttpResponse::body);
  }

  private void post(String body) {
    HttpRequest request =
        HttpRequest.newBuilder(polling).POST(BodyPublishers.ofString(body)).build();
    assertEquals("ok", http.sendAsync(request, BodyHandlers.ofString()).join().body());
  }
}
