package dev.laravelrelay.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.delivery.Backplane.Published;
import dev.laravelrelay.delivery.Backplane.Reach;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.testing.BadBody;
import dev.laravelrelay.testing.TestApi;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(30)
class ApiServerTest {

  private static final JsonMapper MAPPER = new JsonMapper();
  private static final TestApi api = new TestApi();

  @BeforeEach
  void forget() {
    api.published.clear();
  }

  @AfterAll
  static void stop() {
    api.close();
  }

  private static JsonNode json(HttpResponse<String> response) {
    assertEquals("application/json", response.headers().firstValue("Content-Type").orElse(""));
    return MAPPER.readTree(response.body());
  }

  private static HttpResponse<String> emit(String body) throws Exception {
    return api.post("/api/emit", body.getBytes(UTF_8));
  }

  @ParameterizedTest
  @MethodSource("dev.laravelrelay.testing.BadBody#all")
  void aBadBodyIsRefusedInLaravelsShapeAndNothingIsEmitted(BadBody bad) throws Exception {
    HttpResponse<String> response = api.post("/api/emit", bad.body());
    JsonNode body = json(response);
    assertEquals(bad.status(), response.statusCode(), response.body());
    String message = body.path("message").asString();
    assertFalse(message.isEmpty());
    assertFalse(message.matches("(?s).*(Feature|Source:).*"), message);
    assertEquals(bad.status() == 422, body.path("errors").path(bad.field()).isArray());
    assertEquals(List.of(), api.published);
  }

  @Test
  void anEmitIsAnsweredWithItsVerdict() throws Exception {
    HttpResponse<String> response = emit(BadBody.valid());
    JsonNode body = json(response);
    assertEquals(200, response.statusCode());
    assertEquals("offline", body.path("verdict").asString());
    assertEquals(0, body.path("sessions").asInt(-1));
    assertTrue(body.path("elapsed_ms").isNumber());
    assertEquals(1, api.published.size());
    assertTrue(api.get("/metrics").body().contains("relay_emits_total{verdict=\"offline\"}"));
  }

  @Test
  void aVerdictThatComesLateIsAnsweredLate() throws Exception {
    var fate = api.fate;
    CompletableFuture<Published> late = new CompletableFuture<>();
    CountDownLatch published = new CountDownLatch(1);
    api.fate =
        _ -> {
          published.countDown();
          return late;
        };
    try {
      Thread answer =
          Thread.startVirtualThread(
              () -> {
                try {
                  published.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
                late.complete(new Published.Done(List.of(new Reach("42", 3, false))));
              });
      assertEquals("sent", json(emit(BadBody.valid())).path("verdict").asString());
      answer.join();
    } finally {
      api.fate = fate;
    }
  }

  @Test
  void whatTheBackplaneCannotTakeMayBeSentAgain() throws Exception {
    var fate = api.fate;
    api.fate = _ -> CompletableFuture.completedFuture(new Published.Unavailable(7));
    try {
      HttpResponse<String> response = emit(BadBody.valid());
      assertEquals(503, response.statusCode());
      assertEquals("7", response.headers().firstValue("Retry-After").orElse(""));
      assertTrue(json(response).path("id").isString());
    } finally {
      api.fate = fate;
    }
  }

  @Test
  void theSameIdIsEmittedOnceAndAnotherBodyIsAConflict() throws Exception {
    String body = "{\"user\":1,\"event\":\"a\",\"id\":\"once-only\"}";
    assertFalse(json(emit(body)).has("duplicate"));
    assertTrue(json(emit(body)).path("duplicate").asBoolean());
    HttpResponse<String> other = emit(body.replace(":1", ":2"));
    assertEquals(409, other.statusCode());
    assertTrue(json(other).path("errors").path("id").isArray());
    assertEquals(1, api.published.size());
  }

  @Test
  void theIdempotencyKeyIsTheId() throws Exception {
    HttpRequest.Builder request =
        api.request("/api/emit")
            .header("Content-Type", "application/json; charset=UTF-8")
            .header("Idempotency-Key", "from-header")
            .POST(BodyPublishers.ofString(BadBody.valid()));
    assertEquals("from-header", json(api.send(request)).path("id").asString());
  }

  @Test
  void oneBadItemOfABatchDoesNotFailTheOthers() throws Exception {
    String big = "{\"user\":1,\"event\":\"a\",\"data\":\"" + "x".repeat(TestApi.MAX_EMIT) + "\"}";
    String items = String.join(",", BadBody.valid(), "{\"usr\":1}", "7", big, BadBody.valid());
    HttpResponse<String> response =
        api.post("/api/emit/batch", ("{\"emits\":[" + items + "]}").getBytes(UTF_8));
    assertEquals(200, response.statusCode());
    List<Integer> statuses =
        json(response).path("results").valueStream().map(r -> r.path("status").asInt()).toList();
    assertEquals(List.of(200, 422, 422, 413, 200), statuses);
    assertEquals(2, api.published.size());
  }

  @ParameterizedTest
  @CsvSource({"'', 400", "[], 422", "{}, 422", "7, 422", "'[{]', 400", "'{\"emit\":[]}', 422"})
  void whatIsNoBatchIsRefusedWhole(String body, int status) throws Exception {
    HttpResponse<String> response = api.post("/api/emit/batch", body.getBytes(UTF_8));
    assertEquals(status, response.statusCode());
    assertTrue(json(response).has("message"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/x-www-form-urlencoded",
        "text/plain",
        "",
        "application/json; charset=iso-8859-1"
      })
  void anotherContentTypeIsRefused(String type) throws Exception {
    HttpRequest.Builder request =
        api.request("/api/emit").POST(BodyPublishers.ofString(BadBody.valid()));
    if (!type.isEmpty()) {
      request.header("Content-Type", type);
    }
    HttpResponse<String> response = api.send(request);
    assertEquals(415, response.statusCode());
    assertTrue(json(response).has("message"));
    assertEquals(List.of(), api.published);
  }

  static Stream<String> keys() {
    return Stream.of(
        "",
        "Bearer ",
        "Bearer wrong",
        "Basic " + TestApi.KEY,
        TestApi.KEY,
        "Bearer " + TestApi.KEY + "k");
  }

  @ParameterizedTest
  @MethodSource("keys")
  void withoutTheKeyNothingButHealthIsAnswered(String header) throws Exception {
    for (String path :
        List.of(
            "/api/emit",
            "/api/users/1",
            "/metrics",
            "/docs",
            "/openapi.yaml",
            "/nowhere",
            "/health/../metrics")) {
      HttpRequest.Builder request = HttpRequest.newBuilder(api.uri(path));
      if (!header.isEmpty()) {
        request.header("Authorization", header);
      }
      HttpResponse<String> response = api.send(request);
      assertEquals(401, response.statusCode(), path);
      assertEquals("Bearer", response.headers().firstValue("WWW-Authenticate").orElse(""));
      assertEquals("Unauthenticated.", json(response).path("message").asString());
    }
    assertEquals(200, api.send(HttpRequest.newBuilder(api.uri("/health"))).statusCode());
  }

  @Test
  void unknownPathsAndMethodsAreRefusedInJson() throws Exception {
    HttpResponse<String> unknown = api.get("/api/nothing");
    assertEquals(404, unknown.statusCode());
    assertTrue(json(unknown).has("message"));
    HttpResponse<String> method = api.get("/api/emit");
    assertEquals(405, method.statusCode());
    assertTrue(method.headers().firstValue("Allow").orElse("").contains("POST"));
    assertTrue(json(method).has("message"));
  }

  @Test
  void aConditionThatDoesNotHoldMakesItNotReady() throws Exception {
    String[] problem = {null};
    api.readiness.require("test", () -> problem[0]);
    assertEquals(200, api.get("/health/ready").statusCode());
    problem[0] = "It is gone.";
    HttpResponse<String> ready = api.get("/health/ready");
    assertEquals(503, ready.statusCode());
    assertEquals("It is gone.", json(ready).path("problems").path("test").asString());
    assertEquals(503, api.get("/health").statusCode());
    assertEquals(200, api.get("/health/live").statusCode());
    problem[0] = null;
    JsonNode health = json(api.get("/health"));
    assertEquals("ok", health.path("conditions").path("test").asString());
    assertEquals("test", health.path("backplane").asString());
  }

  @ParameterizedTest
  @CsvSource({"42, 42", "a%2Fb, a/b", "%C3%A9%20x, é x"})
  void aUserWhoIsAwayHasNoSessions(String path, String user) throws Exception {
    JsonNode body = json(api.get("/api/users/" + path));
    assertEquals(user, body.path("user").asString());
    assertFalse(body.path("online").asBoolean(true));
  }

  // --- on the wire

  private static Socket raw(String head) throws Exception {
    Socket socket = new Socket("127.0.0.1", api.server.port());
    socket.setSoTimeout(10_000);
    socket.getOutputStream().write(head.replace("\n", "\r\n").getBytes(UTF_8));
    return socket;
  }

  private static String head(InputStream in) throws Exception {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      assertTrue(next >= 0, () -> "closed after: " + head);
      head.append((char) next);
    }
    return head.toString();
  }

  private static String post(String headers) {
    return "POST /api/emit HTTP/1.1\nHost: relay\nContent-Type: application/json\nAuthorization: Bearer "
        + TestApi.KEY
        + "\n"
        + headers
        + "\n\n";
  }

  @Test
  void aClientThatExpects100ContinueGetsItAtOnce() throws Exception {
    byte[] body =
        ("{\"user\":1,\"event\":\"a\",\"data\":\"" + "x".repeat(TestApi.MAX_EMIT - 60) + "\"}")
            .getBytes(UTF_8);
    try (Socket socket = raw(post("Content-Length: " + body.length + "\nExpect: 100-continue"))) {
      assertTrue(head(socket.getInputStream()).startsWith("HTTP/1.1 100 "));
      socket.getOutputStream().write(body);
      assertTrue(head(socket.getInputStream()).startsWith("HTTP/1.1 200 "));
    }
  }

  @Test
  void aBodyThatIsTooLargeIsRefusedBeforeItIsSent() throws Exception {
    for (String expect : List.of("", "\nExpect: 100-continue")) {
      try (Socket socket = raw(post("Content-Length: " + (TestApi.MAX_EMIT + 1) + expect))) {
        assertTrue(head(socket.getInputStream()).startsWith("HTTP/1.1 413 "));
      }
    }
  }

  @Test
  void aClientThatSendsTooMuchWithoutAskingReadsTheRefusal() throws Exception {
    int length = 8 * TestApi.MAX_EMIT;
    try (Socket socket = raw(post("Content-Length: " + length))) {
      byte[] part = "x".repeat(0x10000).getBytes(UTF_8);
      for (int sent = 0; sent < length; sent += part.length) {
        socket.getOutputStream().write(part);
      }
      assertTrue(head(socket.getInputStream()).startsWith("HTTP/1.1 413 "));
    }
  }

  @Test
  void aChunkedBodyIsRefusedWhenItCrossesTheLimit() throws Exception {
    try (Socket socket = raw(post("Transfer-Encoding: chunked"))) {
      byte[] chunk = ("10000\r\n" + "x".repeat(0x10000) + "\r\n").getBytes(UTF_8);
      for (int sent = 0; sent <= TestApi.MAX_EMIT; sent += 0x10000) {
        socket.getOutputStream().write(chunk);
      }
      assertTrue(head(socket.getInputStream()).startsWith("HTTP/1.1 413 "));
    }
  }

  private static String small(String event) {
    String body = "{\"user\":1,\"event\":\"%s\"}".formatted(event);
    return post("Content-Length: " + body.length()) + body;
  }

  @Test
  void aBodyMayComeInPieces() throws Exception {
    String request = small("in-pieces").replace("\n", "\r\n");
    try (Socket socket = raw("")) {
      socket.setTcpNoDelay(true);
      for (byte one : request.getBytes(UTF_8)) {
        socket.getOutputStream().write(one);
      }
      assertTrue(head(socket.getInputStream()).startsWith("HTTP/1.1 200 "));
    }
    assertEquals("in-pieces", api.published.getFirst().name());
  }

  @Test
  void requestsThatCameTogetherAreAnsweredInTheirOrder() throws Exception {
    String last = "GET /api/nothing HTTP/1.1\nHost: relay\nConnection: close\n\n";
    try (Socket socket = raw(small("first") + small("second") + last)) {
      String answers = new String(socket.getInputStream().readAllBytes(), UTF_8);
      assertTrue(answers.matches("(?s)HTTP/1.1 200 .*HTTP/1.1 200 .*HTTP/1.1 401 .*"), answers);
    }
    assertEquals(List.of("first", "second"), api.published.stream().map(Event::name).toList());
  }

  @Test
  void aBodyThatDoesNotComeWholeIsNotEmitted() throws Exception {
    try (Socket socket = raw(post("Content-Length: 100") + BadBody.valid())) {
      socket.shutdownOutput();
      String answer = new String(socket.getInputStream().readAllBytes(), UTF_8);
      assertTrue(answer.isEmpty() || answer.startsWith("HTTP/1.1 400 "), answer);
    }
    assertEquals(List.of(), api.published);
  }

  @Test
  void aSlashAtTheEndMakesNoDifference() throws Exception {
    assertEquals(200, api.post("/api/emit/", BadBody.valid().getBytes(UTF_8)).statusCode());
  }

  @Test
  void aMalformedHeadIsRefusedInJsonWithoutNamingTheServer() throws Exception {
    for (String request :
        List.of(
            "GET /api/emit HTTP/1.1\n\n",
            "GE\u0001T / HTTP/1.1\nHost: a\n\n",
            post("X: " + "x".repeat(20_000)))) {
      try (Socket socket = raw(request)) {
        String answer = new String(socket.getInputStream().readAllBytes(), UTF_8);
        assertTrue(answer.startsWith("HTTP/1.1 4"), answer);
        assertTrue(answer.contains("{\"message\":"), answer);
        assertFalse(answer.contains("Jetty"), answer);
      }
    }
  }
}
