package dev.laravelrelay.socket;

import static dev.laravelrelay.testing.SocketConfigs.MAX_MESSAGE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.RawHttp;
import dev.laravelrelay.testing.RawHttp.Answer;
import dev.laravelrelay.testing.RawWebSocket;
import dev.laravelrelay.testing.SocketConfigs;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class PollingTest {

  private static final String OPEN = "/engine.io/?EIO=4&transport=polling";
  private static Echo echo;

  @BeforeAll
  static void start() {
    echo = new Echo(SocketConfigs.calm());
  }

  @AfterAll
  static void stop() {
    echo.close();
  }

  private static void assertGone(String sid) {
    Answer answer = echo.poll(sid);
    assertEquals("{\"code\":1,\"message\":\"Session ID unknown\"}", answer.body());
    assertEquals(400, answer.status());
  }

  @Test
  void theOpenPacketHasFiveKeysAndAnIdOf128Bits() {
    Answer answer = echo.get(OPEN);
    String sid = Echo.sid(answer.body());
    assertEquals(
        "0{\"sid\":\"%s\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,\"pingTimeout\":20000,"
                .formatted(sid)
            + "\"maxPayload\":10000}",
        answer.body());
    assertEquals(16, Base64.getUrlDecoder().decode(sid).length);
    assertNotEquals(sid, echo.poller());
  }

  @Test
  void aPollIsAnsweredAsUncacheableTextAndTheConnectionStays() {
    try (RawHttp http = new RawHttp(echo.port())) {
      Answer answer = http.request("GET", OPEN, "");
      assertEquals("text/plain; charset=UTF-8", answer.headers().get("content-type"));
      assertEquals("no-store", answer.headers().get("cache-control"));
      assertEquals("*", answer.headers().get("access-control-allow-origin"));
      String sid = Echo.sid(answer.body());
      Answer posted = http.request("POST", Echo.uri("polling", sid), "4é😀");
      assertEquals("ok", posted.body());
      assertEquals("text/html", posted.headers().get("content-type"));
      Answer poll = http.request("GET", Echo.uri("polling", sid), "");
      assertEquals("4é😀", poll.body());
      assertEquals("7", poll.headers().get("content-length"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET | EIO=4 | 400 | 0 | Transport unknown",
        "GET | EIO=4&transport=abc | 400 | 0 | Transport unknown",
        "GET | EIO=4&transport=%zz | 400 | 0 | Transport unknown",
        "GET | EIO=4&transport=polling&sid=__proto__ | 400 | 1 | Session ID unknown",
        "POST | EIO=4&transport=polling&sid=abc | 400 | 1 | Session ID unknown",
        "POST | EIO=4&transport=polling | 400 | 2 | Bad handshake method",
        "PUT | EIO=4&transport=polling | 400 | 2 | Bad handshake method",
        "GET | EIO=4&transport=websocket | 400 | 3 | Bad request",
        "GET | transport=polling | 400 | 5 | Unsupported protocol version",
        "GET | EIO=3&transport=polling | 400 | 5 | Unsupported protocol version",
        "GET | EIO=abc&transport=polling | 400 | 5 | Unsupported protocol version",
      })
  void aRefusalSaysWhy(String method, String query, int status, int code, String message) {
    Answer answer = RawHttp.once(echo.port(), method, "/engine.io/?" + query, "");
    assertEquals("{\"code\":%d,\"message\":\"%s\"}".formatted(code, message), answer.body());
    assertEquals(status, answer.status());
    assertEquals("application/json", answer.headers().get("content-type"));
    assertEquals("*", answer.headers().get("access-control-allow-origin"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"PUT", "DELETE"})
  void otherMethodsOnASessionAreErrorsAndLeaveItAlone(String method) {
    String sid = echo.poller();
    assertEquals(500, RawHttp.once(echo.port(), method, Echo.uri("polling", sid), "4x").status());
    assertEquals("ok", echo.post(sid, "4x").body());
  }

  @Test
  void aPathWithoutItsSlashIsNotFound() {
    assertEquals(404, echo.get("/engine.io?EIO=4&transport=polling").status());
    assertEquals(404, echo.get("/").status());
  }

  @Test
  void aClientThatOffersHttp2IsServed() {
    assertEquals(200, echo.get(OPEN, "Connection: Upgrade", "Upgrade: h2c").status());
  }

  @Test
  void aPreflightIsAnsweredBeforeAnyCheck() {
    Answer answer =
        RawHttp.once(
            echo.port(),
            "OPTIONS",
            "/engine.io/?EIO=4&transport=none&sid=none",
            "",
            "Origin: https://app.example",
            "Access-Control-Request-Method: POST",
            "Access-Control-Request-Headers: content-type,x-app");
    assertEquals(204, answer.status());
    assertEquals("*", answer.headers().get("access-control-allow-origin"));
    assertEquals(
        "GET,HEAD,PUT,PATCH,POST,DELETE", answer.headers().get("access-control-allow-methods"));
    assertEquals("content-type,x-app", answer.headers().get("access-control-allow-headers"));
    assertEquals(
        "access-control-request-headers",
        answer.headers().get("vary").toLowerCase(java.util.Locale.ROOT));
  }

  @Test
  void packetsQueuedBetweenPollsComeInOnePayloadInOrder() {
    String sid = echo.poller();
    for (int i = 0; i < 5; i++) {
      assertEquals("ok", echo.post(sid, "4a%d\u001e4b%d".formatted(i, i)).body());
    }
    assertEquals(
        IntStream.range(0, 5)
            .mapToObj("4a%1$d\u001e4b%1$d"::formatted)
            .collect(Collectors.joining("\u001e")),
        echo.poll(sid).body());
  }

  @Test
  void aPollWaitsUntilThereIsSomething() {
    String sid = echo.poller();
    try (RawHttp poll = echo.pending(sid)) {
      assertEquals("ok", echo.post(sid, "4hello").body());
      assertEquals("4hello", poll.answer().body());
    }
  }

  @Test
  void binaryTravelsAsBase64AlsoWithLineBreaks() {
    String sid = echo.poller();
    byte[] bytes = new byte[200];
    String broken =
        Base64.getMimeEncoder(76, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(bytes);
    assertEquals("ok", echo.post(sid, "b" + broken + "\n\u001ebAQIDBA==").body());
    assertEquals(
        "b" + Base64.getEncoder().encodeToString(bytes) + "\u001ebAQIDBA==", echo.poll(sid).body());
  }

  @Test
  void aBodyOfExactlyTheLimitPassesAndOneByteMoreIsRefused() {
    String sid = echo.poller();
    assertEquals("ok", echo.post(sid, "4" + "x".repeat(MAX_MESSAGE - 1)).body());
    assertEquals(MAX_MESSAGE, echo.poll(sid).body().length());
    assertEquals(413, echo.post(sid, "4" + "x".repeat(MAX_MESSAGE)).status());
    assertEquals(413, echo.post(sid, "4" + "é".repeat(MAX_MESSAGE / 2)).status());
    assertEquals("ok", echo.post(sid, "4still here").body());
    assertEquals("4still here", echo.poll(sid).body());
  }

  @Test
  void aChunkedBodyIsBoundedToo() {
    String sid = echo.poller();
    String head =
        "POST %s HTTP/1.1\r\nHost: relay\r\nTransfer-Encoding: chunked\r\n\r\n"
            .formatted(Echo.uri("polling", sid));
    try (RawHttp http = new RawHttp(echo.port())) {
      http.write(head + "3\r\n4ab\r\n1\r\nc\r\n0\r\n\r\n");
      assertEquals("ok", http.answer().body());
      String chunk = "1000\r\n" + "x".repeat(4096) + "\r\n";
      http.write(head + chunk + chunk + chunk + "0\r\n\r\n");
      assertEquals(413, http.answer().status());
      assertEquals("4abc", http.request("GET", Echo.uri("polling", sid), "").body());
    }
  }

  @Test
  void aClientThatWantsItsConnectionClosedCanReadTheRefusalOfABigBody() {
    String sid = echo.poller();
    try (RawHttp http = new RawHttp(echo.port())) {
      http.send("POST", Echo.uri("polling", sid), "4".repeat(3_000_000), "Connection: close");
      assertEquals(413, http.answer().status());
      assertTrue(http.isEnded());
    }
  }

  @Test
  void anAnnouncedBodyIsAskedFor() {
    String sid = echo.poller();
    try (RawHttp http = new RawHttp(echo.port())) {
      http.write(
          "POST %s HTTP/1.1\r\nHost: relay\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
              .formatted(Echo.uri("polling", sid)));
      assertEquals(100, http.answer().status());
      http.write("4hi");
      assertEquals("ok", http.answer().body());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/octet-stream", "Application/Octet-Stream"})
  void aBinaryBodyIsRefused(String type) {
    assertEquals(400, echo.post(echo.poller(), "4x", "Content-Type: " + type).status());
  }

  @ParameterizedTest
  @ValueSource(strings = {"abc", "", "7", "2", "4ok\u001e", "4ok\u001ex"})
  void whatIsNoPacketEndsTheSession(String body) throws InterruptedException {
    echo.left.clear();
    String sid = echo.poller();
    echo.post(sid, body);
    assertGone(sid);
    echo.assertLeft("parse error");
  }

  @Test
  void anExtraPongIsHarmless() {
    String sid = echo.poller();
    assertEquals("ok", echo.post(sid, "3\u001e4x").body());
    assertEquals("4x", echo.poll(sid).body());
  }

  @Test
  void aClientThatClosesHasItsPollReleased() throws InterruptedException {
    echo.left.clear();
    String sid = echo.poller();
    try (RawHttp poll = echo.pending(sid)) {
      assertEquals("ok", echo.post(sid, "1").body());
      assertEquals("6", poll.answer().body());
    }
    assertGone(sid);
    echo.assertLeft("client closed");
  }

  @Test
  void aClientMayCloseWithoutAPoll() {
    String sid = echo.poller();
    assertEquals("ok", echo.post(sid, "1").body());
    assertGone(sid);
  }

  @Test
  void aSecondPollEndsTheSession() throws InterruptedException {
    echo.left.clear();
    String sid = echo.poller();
    try (RawHttp one = echo.pending(sid);
        RawHttp two = echo.pending(sid)) {
      Answer first = one.answer();
      Answer second = two.answer();
      // Which came first is up to the system.
      Answer closed = first.status() == 200 ? first : second;
      Answer refused = first.status() == 200 ? second : first;
      assertEquals("1", closed.body());
      assertEquals(400, refused.status());
    }
    assertGone(sid);
    echo.assertLeft("transport error");
  }

  @Test
  void aSecondPostWhileOneIsBeingReadEndsTheSession() throws InterruptedException {
    echo.left.clear();
    String sid = echo.poller();
    try (RawHttp slow = new RawHttp(echo.port())) {
      slow.write(
          "POST %s HTTP/1.1\r\nHost: relay\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
              .formatted(Echo.uri("polling", sid)));
      assertEquals(100, slow.answer().status());
      assertEquals(400, echo.post(sid, "4x").status());
    }
    assertGone(sid);
    echo.assertLeft("transport error");
  }

  @Test
  void anAbortedPollEndsTheSession() throws InterruptedException {
    echo.left.clear();
    String sid = echo.poller();
    RawHttp poll = echo.pending(sid);
    // The answer to another request on the same loop proves nothing; its content does.
    echo.post(sid, "4x");
    poll.answer();
    poll.send("GET", Echo.uri("polling", sid), "");
    poll.close();
    echo.assertLeft("transport close");
    assertGone(sid);
  }

  @Test
  void anAbortedPostEndsTheSession() throws InterruptedException {
    echo.left.clear();
    String sid = echo.poller();
    RawHttp post = new RawHttp(echo.port());
    post.write(
        "POST %s HTTP/1.1\r\nHost: relay\r\nContent-Length: 9\r\n\r\n4x"
            .formatted(Echo.uri("polling", sid)));
    post.close();
    echo.assertLeft("transport error");
    assertGone(sid);
  }

  @Test
  void whatCannotBeParsedAsHttpIsRefused() {
    try (RawHttp http = new RawHttp(echo.port())) {
      http.write("GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n");
      assertEquals(400, http.answer().status());
      assertTrue(http.isEnded());
    }
  }

  @Test
  void aLongTokenFitsIntoTheQuery() {
    assertEquals(200, echo.get(OPEN + "&token=" + "x".repeat(8_000)).status());
  }

  @Test
  void aPollerOverItsOutboxIsEnded() throws InterruptedException {
    echo.left.clear();
    String sid = echo.poller();
    String body = "4" + "x".repeat(MAX_MESSAGE - 1);
    int posts = 0;
    while (echo.post(sid, body).status() == 200) {
      posts++;
    }
    echo.assertLeft("slow client");
    assertEquals(SocketConfigs.OUTBOX / MAX_MESSAGE, posts, 1);
    assertGone(sid);
  }

  @Test
  void healthIsOneWord() {
    assertEquals("ok\n", echo.get("/health").body());
  }

  @Test
  void whoSendsRequestsAndReadsNoAnswerIsClosed() {
    double before = echo.refused("unread answers");
    String requests = "GET /health HTTP/1.1\r\nHost: relay\r\n\r\n".repeat(1_000);
    try (RawHttp http = new RawHttp(echo.port(), 4_096)) {
      assertThrows(
          AssertionError.class,
          () -> {
            for (int i = 0; i < 300; i++) {
              http.write(requests);
            }
          });
    }
    assertEquals(before + 1, echo.refused("unread answers"));
  }

  @Test
  void whoReadsAnAnswerHoweverBigMayAskOn() {
    String sid = echo.poller();
    String message = "4" + "x".repeat(MAX_MESSAGE - 1);
    for (int i = 0; i < 20; i++) {
      assertEquals("ok", echo.post(sid, message).body());
    }
    try (RawHttp http = new RawHttp(echo.port())) {
      Answer poll = http.request("GET", Echo.uri("polling", sid), "");
      assertEquals(20 * message.length() + 19, poll.body().length());
      assertEquals("ok\n", http.request("GET", "/health", "").body());
    }
  }

  @Test
  void aListedOriginMayComeWithCredentialsAndAnotherMayNot() {
    try (Echo strict =
        new Echo(
            SocketConfigs.of(
                25_000, 20_000, 45_000, 10_000, java.util.List.of("https://app.example")))) {
      Answer good = strict.get(OPEN, "Origin: https://app.example");
      assertEquals(200, good.status());
      assertEquals("https://app.example", good.headers().get("access-control-allow-origin"));
      assertEquals("true", good.headers().get("access-control-allow-credentials"));
      assertEquals("origin", good.headers().get("vary"));
      Answer bad = strict.get(OPEN, "Origin: https://evil.example");
      assertEquals("{\"code\":4,\"message\":\"Forbidden\"}", bad.body());
      assertEquals(403, bad.status());
      assertFalse(bad.headers().containsKey("access-control-allow-origin"));
      assertEquals(200, strict.get(OPEN).status());
      try (RawWebSocket socket =
          new RawWebSocket(
              strict.port(), Echo.uri("websocket", ""), "Origin: https://evil.example")) {
        assertEquals(403, socket.handshake().status());
      }
    }
  }
}
