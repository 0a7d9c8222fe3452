package dev.laravelrelay.laravel;

import static dev.laravelrelay.testing.LoopbackHttp.json;
import static dev.laravelrelay.testing.LoopbackHttp.reply;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import dev.laravelrelay.auth.Authenticator.Identity;
import dev.laravelrelay.auth.Authenticator.Identity.Known;
import dev.laravelrelay.auth.Authenticator.Identity.Refused;
import dev.laravelrelay.auth.Authenticator.Identity.Unknown;
import dev.laravelrelay.auth.LoggedOut;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.testing.LogCapture;
import dev.laravelrelay.testing.LoopbackHttp;
import dev.laravelrelay.testing.ManualClock;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class TokenIntrospectionTest {

  private static final String TOKEN = "1|q3OeL5bV8zTnYkRw0sHdUx2jCfAgIvMpS7tNcB1Ea4f0c2d9e";
  private static final Known USER = new Known("1", Long.MAX_VALUE);

  private final ManualClock clock = new ManualClock(Instant.EPOCH);
  private final RelayMetrics metrics = Asked.metrics();
  private final LoggedOut loggedOut = new LoggedOut(Asked.CACHE_FOR);
  private LoopbackHttp server;
  private LaravelClient client;
  private TokenIntrospection introspection;

  @BeforeEach
  void start() throws Exception {
    server = new LoopbackHttp(json(200, "{\"id\":1,\"name\":\"Ann\",\"email\":\"a@b.test\"}"));
    use(server.url(), Asked.PATIENT);
  }

  private void use(URI url, Duration timeout) {
    if (client != null) {
      client.close();
    }
    client = new LaravelClient(Asked.laravel(url, timeout));
    introspection =
        new TokenIntrospection(Asked.auth(Asked.CACHE_FOR), client, loggedOut, metrics, clock);
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  private Identity ask() throws Exception {
    return Asked.get(introspection.authenticate(TOKEN));
  }

  @Test
  void laravelIsAskedAsItWantsToBe() throws Exception {
    assertEquals(USER, ask());
    LoopbackHttp.Request request = server.requests().getFirst();
    assertEquals("GET", request.method());
    assertEquals("/api/user", request.path());
    assertEquals("Bearer " + TOKEN, request.headers().get("authorization"));
    assertEquals("application/json", request.headers().get("accept"));
    assertNull(request.headers().get("upgrade"));
    assertEquals(1, Asked.count(metrics, "user", "known"));
  }

  @Test
  void afterALogoutLaravelIsAskedAgain() throws Exception {
    assertEquals(USER, ask());
    loggedOut.add("2");
    assertEquals(USER, ask());
    assertEquals(1, server.requests().size());
    loggedOut.add("1");
    assertEquals(USER, ask());
    assertEquals(USER, ask());
    assertEquals(2, server.requests().size());
  }

  @Test
  void anAnswerFromBeforeALogoutIsNotBelieved() throws Exception {
    CountDownLatch loggedOutNow = new CountDownLatch(1);
    server.answer(
        exchange -> {
          server.answer(json(401, "{}"));
          loggedOutNow.await();
          json(200, "{\"id\":1}").to(exchange);
        });
    CompletableFuture<Identity> identity = introspection.authenticate(TOKEN).toCompletableFuture();
    Awaitility.await().atMost(Asked.PATIENT).until(() -> server.requests().size() == 1);
    loggedOut.add("1");
    loggedOutNow.countDown();
    assertEquals(Refused.INVALID, Asked.get(identity));
  }

  @Test
  void laravelMayLiveInADirectory() throws Exception {
    for (String base : List.of("/app", "/app/")) {
      use(server.url().resolve(base), Asked.PATIENT);
      assertEquals(USER, ask());
      assertEquals("/app/api/user", server.requests().getLast().path());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"id\":7}|7",
        "{\"id\":\"7\"}|7",
        "{\"data\":{\"id\":7}}|7",
        "{\"data\":{\"id\":\"0193a1b2-7c3d\"}}|0193a1b2-7c3d",
        "{\"name\":\"Zoë\",\"id\":9223372036854775807,\"x\":[{}]}|9223372036854775807",
      })
  void theUsersIdIsAnIntOrAStringAndMayBeWrapped(String body, String user) throws Exception {
    server.answer(json(200, body));
    assertEquals(new Known(user, Long.MAX_VALUE), ask());
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403})
  void laravelsNoIsARefusal(int status) throws Exception {
    server.answer(json(status, "{\"message\":\"Unauthenticated.\"}"));
    assertEquals(Refused.INVALID, ask());
    assertEquals(1, Asked.count(metrics, "user", "refused"));
  }

  @ParameterizedTest
  @ValueSource(ints = {201, 204, 301, 302, 307, 400, 404, 419, 422, 429, 500, 502, 503})
  void anyOtherStatusSaysNothing(int status) throws Exception {
    LoopbackHttp.Reply body =
        status == 204 ? reply(204, "text/html", "") : json(status, "{\"id\":1}");
    server.answer(
        exchange -> {
          exchange.getResponseHeaders().set("Location", "/login");
          body.to(exchange);
        });
    assertEquals(Unknown.UNAVAILABLE, ask());
    assertEquals(1, server.requests().size(), "a redirect is not followed");
    assertEquals(1, Asked.count(metrics, "user", "unavailable"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "1",
        "true",
        "[]",
        "{}",
        "<html><body>Login</body></html>",
        "{\"id\":1",
        "{\"id\":null}",
        "{\"id\":\"\"}",
        "{\"id\":1.5}",
        "{\"id\":{}}",
        "{\"id\":true}",
        "{\"data\":[{\"id\":1}]}",
        "{\"user\":{\"id\":1}}",
        "{\"id\":null,\"data\":{\"id\":1}}"
      })
  void a200WithoutAUserSaysNothing(String body) throws Exception {
    server.answer(reply(200, "text/html", body));
    assertEquals(Unknown.UNAVAILABLE, ask());
  }

  @Test
  void anAnswerOfMoreThan64KibIsNotRead() throws Exception {
    String pad = "x".repeat(LaravelClient.MAX_BYTES);
    server.answer(json(200, "{\"id\":1,\"pad\":\"%s\"}".formatted(pad)));
    assertEquals(Unknown.UNAVAILABLE, ask());
    server.answer(json(200, "{\"id\":1,\"pad\":\"%s\"}".formatted(pad.substring(100))));
    assertEquals(USER, ask());
  }

  @Test
  void noAnswerInTimeSaysNothing() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    server.answer(exchange -> never.await());
    use(server.url(), Asked.HASTY);
    assertEquals(Unknown.UNAVAILABLE, ask());
  }

  @Test
  void anAnswerThatNeverEndsSaysNothing() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    server.answer(
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write("{\"id\":1".getBytes());
          exchange.getResponseBody().flush();
          never.await();
        });
    use(server.url(), Asked.HASTY);
    assertEquals(Unknown.UNAVAILABLE, ask());
  }

  @Test
  void aDroppedConnectionSaysNothing() throws Exception {
    server.answer(
        exchange -> {
          throw new IOException("dropped");
        });
    assertEquals(Unknown.UNAVAILABLE, ask());
    server.close();
    assertEquals(Unknown.UNAVAILABLE, ask());
  }

  @Test
  void noTokenIsMissingAndNobodyIsAsked() throws Exception {
    assertEquals(Refused.MISSING, Asked.get(introspection.authenticate("")));
    assertEquals(0, server.requests().size());
  }

  @ParameterizedTest
  @ValueSource(strings = {" ", "a b", "a\r\nX-Admin: 1", "a\n", "é", "\0", "\u007f", "a\tb"})
  void aTokenThatCannotStandInAHeaderIsRefusedAndNobodyIsAsked(String token) throws Exception {
    assertEquals(Refused.INVALID, Asked.get(introspection.authenticate(token)));
    assertEquals(Refused.INVALID, Asked.get(introspection.authenticate("t".repeat(8193))));
    assertEquals(0, server.requests().size());
  }

  @Test
  void anAnswerIsBelievedForAsLongAsTheSettingSays() throws Exception {
    assertEquals(USER, ask());
    server.answer(json(401, "{}"));
    clock.advance(Asked.CACHE_FOR.minusNanos(1));
    assertEquals(USER, ask());
    assertTrue(introspection.authenticate(TOKEN).toCompletableFuture().isDone());
    assertEquals(1, server.requests().size());
    clock.advance(Duration.ofNanos(1));
    assertEquals(Refused.INVALID, ask());
    assertEquals(2, server.requests().size());
  }

  @Test
  void aRefusalIsBelievedForTenSeconds() throws Exception {
    LoopbackHttp.Reply user = json(200, "{\"id\":1}");
    server.answer(json(401, "{}"));
    assertEquals(Refused.INVALID, ask());
    server.answer(user);
    clock.advance(TokenIntrospection.REFUSAL_FOR.minusNanos(1));
    assertEquals(Refused.INVALID, ask());
    clock.advance(Duration.ofNanos(1));
    assertEquals(USER, ask());
  }

  @Test
  void withoutACacheLaravelIsAskedEachTime() throws Exception {
    introspection =
        new TokenIntrospection(Asked.auth(Duration.ZERO), client, loggedOut, metrics, clock);
    ask();
    ask();
    assertEquals(2, server.requests().size());
  }

  @Test
  void whatIsNotKnownIsNotRemembered() throws Exception {
    server.answer(json(500, "{\"message\":\"Server Error\"}"));
    assertEquals(Unknown.UNAVAILABLE, ask());
    server.answer(json(200, "{\"id\":1}"));
    assertEquals(USER, ask());
  }

  @Test
  void anotherTokenIsAnotherQuestion() throws Exception {
    assertEquals(USER, ask());
    server.answer(json(401, "{}"));
    assertEquals(Refused.INVALID, Asked.get(introspection.authenticate(TOKEN + "0")));
  }

  @Test
  void fiftyWhoAskAtOnceMakeOneRequestAndNoneOfThemWaits() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    LoopbackHttp.Reply user = json(200, "{\"id\":1}");
    server.answer(
        exchange -> {
          release.await();
          user.to(exchange);
        });
    List<CompletableFuture<Identity>> all =
        IntStream.range(0, 50)
            .mapToObj(i -> introspection.authenticate(TOKEN).toCompletableFuture())
            .toList();
    assertFalse(all.stream().anyMatch(CompletableFuture::isDone));
    release.countDown();
    for (CompletableFuture<Identity> one : all) {
      assertEquals(USER, Asked.get(one));
    }
    assertEquals(1, server.requests().size());
  }

  @Test
  void oneWhoGivesUpDoesNotTakeTheAnswerFromTheOthers() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    LoopbackHttp.Reply user = json(200, "{\"id\":1}");
    server.answer(
        exchange -> {
          release.await();
          user.to(exchange);
        });
    CompletableFuture<Identity> first = introspection.authenticate(TOKEN).toCompletableFuture();
    CompletableFuture<Identity> second = introspection.authenticate(TOKEN).toCompletableFuture();
    first.cancel(true);
    release.countDown();
    assertEquals(USER, Asked.get(second));
  }

  @Test
  void anOutageIsLoggedOnceAndWithoutTheToken() throws Exception {
    try (LogCapture log = new LogCapture("dev.laravelrelay.laravel")) {
      server.answer(json(500, "{\"message\":\"Server Error\"}"));
      for (int i = 0; i < 3; i++) {
        ask();
      }
      assertEquals(
          List.of("Laravel gives no usable answer to GET /api/user: status 500"),
          log.messages(Level.WARN));
      server.answer(json(200, "{\"id\":1}"));
      ask();
      assertEquals(List.of("Laravel answers GET /api/user again"), log.messages(Level.INFO));
      assertFalse(log.text().contains(TOKEN), log.text());
      assertFalse(introspection.toString().contains(TOKEN));
    }
  }

  @Test
  void afterTheEndNothingIsKnown() throws Exception {
    client.close();
    assertEquals(Unknown.UNAVAILABLE, ask());
  }
}
