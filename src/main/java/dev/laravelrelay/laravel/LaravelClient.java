package dev.laravelrelay.laravel;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.laravelrelay.config.LaravelConfig;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks Laravel on behalf of a client: HTTP/1.1, with the client's token, never following a
 * redirect. At most {@value #MAX_CONCURRENT} requests are under way, so that a storm of reconnects
 * does not become a storm on Laravel; the others wait their turn. From the question to the whole
 * answer, waiting included, it takes no longer than the time-out. Answers are at most {@value
 * #MAX_BYTES} bytes. Safe from any thread; never blocks its caller: each question has a virtual
 * thread, on which its answer arrives.
 */
public final class LaravelClient implements AutoCloseable {

  /** Requests under way at once. */
  public static final int MAX_CONCURRENT = 64;

  /** The largest answer that is read. */
  public static final int MAX_BYTES = 64 * 1024;

  private static final int MAX_TOKEN = 8192;

  private static final Logger log = LoggerFactory.getLogger(LaravelClient.class);

  /** What came of a question. */
  sealed interface Answer {
    /** An answer, whatever its status. */
    record Replied(int status, String body) implements Answer {}

    /** No answer in time, or none that can be read. */
    record Silent(String why) implements Answer {}
  }

  private static final Answer STOPPING = new Answer.Silent("the relay stops");

  private final URI base;
  private final Duration timeout;
  private final Semaphore turns = new Semaphore(MAX_CONCURRENT, true);
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("laravel-", 0).factory());
  private final HttpClient http;

  /** Paths below Laravel that gave no usable answer last: as many as the relay asks, two. */
  private final Set<String> failing = ConcurrentHashMap.newKeySet();

  /**
   * Opens no connection yet.
   *
   * @throws IllegalArgumentException if Laravel's URL is not set, or not http or https
   */
  public LaravelClient(LaravelConfig config) {
    base =
        config
            .url()
            .filter(url -> "http".equals(url.getScheme()) || "https".equals(url.getScheme()))
            .orElseThrow(
                () -> new IllegalArgumentException("Laravel's URL is missing, or not http(s)"));
    timeout = config.timeout();
    http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(timeout)
            .executor(threads)
            .build();
  }

  /** Whether the token can stand in a header (RFC 6750 section 2.1, with Sanctum's bar). */
  static boolean canSend(String token) {
    return !token.isEmpty()
        && token.length() <= MAX_TOKEN
        && token.chars().allMatch(c -> c > ' ' && c < 0x7f);
  }

  /** Starts a request to a path below Laravel's URL, with a token that {@link #canSend}. */
  HttpRequest.Builder request(String path, String token) {
    String root = base.toString().replaceAll("/+$", "");
    return HttpRequest.newBuilder(URI.create(root + (path.startsWith("/") ? path : "/" + path)))
        .header("Authorization", "Bearer " + token)
        .header("Accept", "application/json")
        .timeout(timeout);
  }

  /** Asks; always completes normally. */
  CompletableFuture<Answer> ask(HttpRequest request) {
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    try {
      threads.execute(() -> answer.complete(blockingAsk(request)));
    } catch (RejectedExecutionException e) {
      answer.complete(STOPPING);
    }
    return answer;
  }

  private Answer blockingAsk(HttpRequest request) {
    long deadline = System.nanoTime() + timeout.toNanos();
    try {
      if (!turns.tryAcquire(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
        return new Answer.Silent("too many questions wait for Laravel");
      }
      try {
        return send(request, deadline - System.nanoTime());
      } finally {
        turns.release();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return STOPPING;
    }
  }

  private Answer send(HttpRequest request, long nanos) throws InterruptedException {
    CompletableFuture<HttpResponse<String>> sent =
        http.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofString(UTF_8), MAX_BYTES));
    try {
      HttpResponse<String> response = sent.get(nanos, TimeUnit.NANOSECONDS);
      return new Answer.Replied(response.statusCode(), response.body());
    } catch (ExecutionException e) {
      return new Answer.Silent(String.valueOf(e.getCause()));
    } catch (TimeoutException | CancellationException e) {
      return new Answer.Silent("no answer within " + timeout.toMillis() + " ms");
    } finally {
      sent.cancel(true); // a body that drips in is not covered by the request's own time-out
    }
  }

  /** Says in the log that a path gave no usable answer, once until it works again. */
  void failed(HttpRequest request, String why) {
    String path = request.uri().getPath();
    if (failing.add(path)) {
      log.warn("Laravel gives no usable answer to {} {}: {}", request.method(), path, why);
    }
  }

  /** Says in the log that a path answers again, if it did not. */
  void worked(HttpRequest request) {
    String path = request.uri().getPath();
    if (failing.remove(path)) {
      log.info("Laravel answers {} {} again", request.method(), path);
    }
  }

  /** Ends the requests under way; their answers are {@link Answer.Silent}. */
  @Override
  public void close() {
    http.shutdownNow();
    threads.shutdownNow();
    http.close();
    threads.close();
  }
}
