package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.RawClient;
import dev.laravelrelay.testing.RawHttp;
import dev.laravelrelay.testing.RawHttp.Answer;
import dev.laravelrelay.testing.TestRelay;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What a polling client's HTTP library sends again by itself is never taken for a receipt, whether
 * the client comes straight, through a proxy, or with a cache buster.
 */
@Timeout(30)
class RepeatedPongTest {

  private static final String PROXIED = "X-Forwarded-For: 10.0.0.1";

  private TestRelay relay;
  private RawHttp first;
  private RawHttp second;
  private String session;

  @BeforeEach
  void start() {
    relay = TestRelay.start();
    first = connection();
    second = connection();
  }

  @AfterEach
  void stop() {
    first.close();
    second.close();
    relay.close();
  }

  private RawHttp connection() {
    return new RawHttp(relay.socketUrl().getPort());
  }

  /** The handshake and the POSTs by the first connection, the polls by the second. */
  private void connect(String... headers) {
    String open = first.request("GET", uri("&t=0"), "", headers).body();
    session = "&sid=" + open.replaceFirst("^0\\{\"sid\":\"([^\"]+)\".*", "$1");
    post(first, "40{\"token\":\"1\"}", headers);
    assertTrue(second.request("GET", uri(session), "", headers).body().startsWith("40{"));
  }

  private static String uri(String query) {
    return "/socket.io/?EIO=4&transport=polling" + query;
  }

  private void poll(RawHttp http, String... headers) {
    http.send("GET", uri(session), "", headers);
  }

  private void post(RawHttp http, String body, String... headers) {
    assertEquals("ok", http.request("POST", uri(session), body, headers).body());
  }

  private CompletableFuture<String> emit(int n) {
    return emit(n, 8_000);
  }

  private CompletableFuture<String> emit(int n, int confirm) {
    String body =
        "{\"user\":1,\"event\":\"ring\",\"data\":{\"n\":%d},\"hold\":30,\"confirm\":%d}"
            .formatted(n, confirm);
    return CompletableFuture.supplyAsync(() -> relay.emit(body).get("verdict").asString());
  }

  private static String ring(int n) {
    return "42[\"ring\",{\"n\":%d}]".formatted(n);
  }

  private static void assertVerdict(String verdict, CompletableFuture<String> reply) {
    assertEquals(verdict, reply.orTimeout(10, TimeUnit.SECONDS).join());
  }

  /** What a client hears that comes after this one. */
  private List<Integer> heldFor(int count) {
    try (RawClient next = RawClient.plain(relay.socketUrl(), "token=1")) {
      return next.awaitNumbers("ring", count);
    }
  }

  @Test
  void aClientThatUsesItsConnectionsAgainGivesEachReceipt() {
    connect();
    for (int n = 1; n <= 3; n++) {
      poll(second);
      CompletableFuture<String> verdict = emit(n);
      assertEquals(ring(n) + "\u001e2", second.answer().body());
      post(first, "3");
      if (n > 1) {
        // Only with the poll is it clear that the pong answers this ping.
        poll(second);
        assertVerdict("confirmed", verdict);
        CompletableFuture<String> flushed = emit(10 + n);
        second.answer();
        post(second, "3");
        assertVerdict("confirmed", flushed);
      } else {
        assertVerdict("confirmed", verdict);
      }
    }
  }

  @Test
  void aPongRepeatedByTheOtherConnectionProvesNothing() {
    connect();
    poll(second);
    CompletableFuture<String> verdict = emit(1);
    second.answer();
    post(first, "3");
    assertVerdict("confirmed", verdict);
    first.reset();

    try (RawHttp third = connection()) {
      poll(third);
      CompletableFuture<String> lost = emit(2, 500);
      assertEquals(ring(2) + "\u001e2", third.answer().body());
      post(second, "3");
      assertVerdict("held", lost);
    }
    assertEquals(List.of(2), heldFor(1));
  }

  @Test
  void aClientThatPollsByTheOtherConnectionIsMadeToUseBoth() {
    connect();
    poll(second);
    CompletableFuture<String> verdict = emit(1);
    second.answer();
    post(first, "3");
    assertVerdict("confirmed", verdict);

    poll(second);
    verdict = emit(2);
    second.answer();
    post(first, "3");
    assertEquals("2", first.request("GET", uri(session), "").body());
    poll(first);
    post(second, "3");
    assertVerdict("confirmed", verdict);
  }

  @Test
  void aConnectionThatIsNotUsedAgainEndsTheSession() {
    connect();
    poll(second);
    CompletableFuture<String> verdict = emit(1);
    second.answer();
    post(first, "3");
    assertVerdict("confirmed", verdict);

    poll(second);
    verdict = emit(2, 3_000);
    second.answer();
    post(first, "3");
    for (int nudge = 0; nudge < 3; nudge++) {
      assertEquals("2", first.request("GET", uri(session), "").body());
      post(first, "3");
    }
    assertEquals("1", first.request("GET", uri(session), "").body());
    assertVerdict("held", verdict);
    assertEquals(List.of(2), heldFor(1));
  }

  @Test
  void throughAProxyOnlyTheFirstPongProves() {
    connect(PROXIED);
    poll(second, PROXIED);
    CompletableFuture<String> verdict = emit(1);
    assertEquals(ring(1) + "\u001e2", second.answer().body());
    post(first, "3", PROXIED);
    assertVerdict("confirmed", verdict);

    poll(second, PROXIED);
    verdict = emit(2, 300);
    assertEquals(ring(2), second.answer().body());
    post(first, "3", PROXIED);
    assertVerdict("held", verdict);
    assertEquals(List.of(2), heldFor(1));
  }

  @Test
  void connectionsThatOthersUseTooAreAProxys() {
    connect();
    poll(second);
    CompletableFuture<String> verdict = emit(1);
    second.answer();
    post(first, "3");
    assertVerdict("confirmed", verdict);
    first.request("GET", uri(""), "");
    post(first, "3");

    poll(second);
    verdict = emit(2, 300);
    assertEquals(ring(2), second.answer().body());
    assertVerdict("held", verdict);
  }

  @Test
  void aPongOfAKnownTagIsReadOnce() {
    String open = first.request("GET", uri("&t=0"), "", PROXIED).body();
    String sid = "&sid=" + open.replaceFirst("^0\\{\"sid\":\"([^\"]+)\".*", "$1");
    session = sid + "&t=a";
    post(first, "40{\"token\":\"1\"}", PROXIED);
    session = sid + "&t=b";
    assertTrue(second.request("GET", uri(session), "", PROXIED).body().startsWith("40{"));
    for (int n = 1; n <= 2; n++) {
      session = sid + "&t=poll" + n;
      poll(second, PROXIED);
      CompletableFuture<String> verdict = emit(n);
      assertEquals(ring(n) + "\u001e2", second.answer().body());
      session = sid + "&t=pong" + n;
      post(first, "3", PROXIED);
      assertVerdict("confirmed", verdict);
    }
    session = sid + "&t=lost";
    poll(second, PROXIED);
    CompletableFuture<String> lost = emit(3, 500);
    second.answer();
    session = sid + "&t=pong2";
    post(first, "3", PROXIED);
    session = sid + "&t=lost";
    Answer again = first.request("GET", uri(session), "", PROXIED);
    assertEquals(400, again.status(), "its answer is lost, so the client is to come anew");
    assertVerdict("held", lost);
    assertEquals(List.of(3), heldFor(1));
  }
}
