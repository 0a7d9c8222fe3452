package dev.laravelrelay.laravel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.config.LaravelConfig;
import dev.laravelrelay.laravel.LaravelClient.Answer;
import dev.laravelrelay.testing.LoopbackHttp;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class LaravelClientTest {

  private static List<CompletableFuture<Answer>> askAll(LaravelClient client, int questions) {
    return IntStream.range(0, questions)
        .mapToObj(i -> client.ask(client.request("/" + i, "token").build()))
        .toList();
  }

  @Test
  void atMost64RequestsAreUnderWayAndTheOthersWaitTheirTurn() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    LoopbackHttp.Reply ok = LoopbackHttp.json(200, "{}");
    LoopbackHttp.Reply slow =
        exchange -> {
          release.await();
          ok.to(exchange);
        };
    try (LoopbackHttp server = new LoopbackHttp(slow);
        LaravelClient client = new LaravelClient(Asked.laravel(server.url(), Asked.PATIENT))) {
      List<CompletableFuture<Answer>> answers = askAll(client, 100);
      Awaitility.await().until(() -> server.requests().size() == LaravelClient.MAX_CONCURRENT);
      Awaitility.await()
          .during(Duration.ofMillis(200))
          .until(() -> server.requests().size() == LaravelClient.MAX_CONCURRENT);
      release.countDown();
      for (CompletableFuture<Answer> answer : answers) {
        assertEquals(200, assertInstanceOf(Answer.Replied.class, Asked.get(answer)).status());
      }
      assertEquals(100, server.requests().size());
    }
  }

  @Test
  void waitingForATurnCountsAgainstTheTimeOut() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    try (LoopbackHttp server = new LoopbackHttp(exchange -> never.await());
        LaravelClient client = new LaravelClient(Asked.laravel(server.url(), Asked.HASTY))) {
      long start = System.nanoTime();
      for (CompletableFuture<Answer> answer : askAll(client, 50 * LaravelClient.MAX_CONCURRENT)) {
        assertInstanceOf(Answer.Silent.class, Asked.get(answer));
      }
      long millis = (System.nanoTime() - start) / 1_000_000;
      assertTrue(millis < 8_000, millis + " ms");
    }
  }

  @Test
  void theEndOfTheRelayEndsWhatIsUnderWay() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    try (LoopbackHttp server = new LoopbackHttp(exchange -> never.await())) {
      CompletableFuture<Answer> answer;
      try (LaravelClient client = new LaravelClient(Asked.laravel(server.url(), Asked.PATIENT))) {
        answer = client.ask(client.request("/", "token").build());
        Awaitility.await().until(() -> server.requests().size() == 1);
      }
      assertInstanceOf(Answer.Silent.class, Asked.get(answer));
    }
  }

  @Test
  void laravelsUrlIsNeeded() {
    LaravelConfig none = new LaravelConfig(Optional.empty(), "/", Asked.HASTY);
    assertThrows(IllegalArgumentException.class, () -> new LaravelClient(none));
    LaravelConfig file = Asked.laravel(URI.create("file:///x"), Asked.HASTY);
    assertThrows(IllegalArgumentException.class, () -> new LaravelClient(file));
  }
}
