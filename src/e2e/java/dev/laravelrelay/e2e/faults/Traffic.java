package dev.laravelrelay.e2e.faults;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A Laravel that emits numbered events on one node, steadily: to users {@code h0}… with hold, to
 * {@code p0}… without; every fifth awaits a receipt. What is refused with hold it sends again with
 * the same id, as it is told to. One thread of its own.
 */
final class Traffic implements AutoCloseable {

  static final int USERS = 10;

  private static final int PER_SECOND = 50;
  private static final Duration PATIENCE = Duration.ofSeconds(8);
  private static final long RETRY_MILLIS = 500;

  /**
   * An answer.
   *
   * @param verdict of a 200; else the status, or 0 if none came in time
   */
  record Reply(int number, String user, String verdict, long millis) {

    boolean isHeldUser() {
      return user.startsWith("h");
    }

    boolean isAccepted() {
      return !Character.isDigit(verdict.charAt(0));
    }
  }

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final URI url;
  private final String run;
  private final Queue<Reply> replies = new ConcurrentLinkedQueue<>();
  private final AtomicInteger underWay = new AtomicInteger();
  private final Thread thread = new Thread(this::emit, "traffic");
  private volatile boolean done;

  /**
   * Begins.
   *
   * @param run makes the ids its own
   * @param first number
   */
  Traffic(URI api, String run, int first) {
    this.url = api.resolve("/api/emit");
    this.run = run;
    this.number = first;
    thread.start();
  }

  private int number;

  private void emit() {
    long next = System.nanoTime();
    while (!done) {
      int n = number++;
      String user = (n % 2 == 0 ? "h" : "p") + n / 2 % USERS;
      underWay.incrementAndGet();
      send(n, user);
      next += TimeUnit.SECONDS.toNanos(1) / PER_SECOND;
      while (System.nanoTime() < next) {
        LockSupport.parkNanos(next - System.nanoTime());
      }
    }
  }

  private void send(int n, String user) {
    boolean held = user.startsWith("h");
    String body =
        """
        {"user":"%s","event":"ring","data":{"n":%d},"hold":%d,"confirm":%d,"id":"%s-%d"}"""
            .formatted(user, n, held ? 60 : 0, n % 5 == 0 ? 1000 : 0, run, n);
    HttpRequest request =
        HttpRequest.newBuilder(url)
            .header("Authorization", "Bearer dev-key")
            .header("Content-Type", "application/json")
            .timeout(PATIENCE)
            .POST(BodyPublishers.ofString(body))
            .build();
    long sent = System.nanoTime();
    http.sendAsync(request, BodyHandlers.ofString())
        .whenComplete(
            (reply, failure) -> {
              String verdict =
                  reply == null
                      ? "0"
                      : reply.statusCode() == 200
                          ? verdict(reply.body())
                          : Integer.toString(reply.statusCode());
              long millis = (System.nanoTime() - sent) / 1_000_000;
              Reply one = new Reply(n, user, verdict, millis);
              replies.add(one);
              if (held && !one.isAccepted() && !done) {
                Thread.ofVirtual().start(() -> again(n, user));
              } else {
                underWay.decrementAndGet();
              }
            });
  }

  private void again(int n, String user) {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(RETRY_MILLIS));
    send(n, user);
  }

  private static String verdict(String body) {
    JsonNode reply = JsonMapper.shared().readTree(body);
    return reply.get("verdict").asString();
  }

  /** Emits no more; returns all answers when the last has come. */
  Queue<Reply> end() {
    done = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    long until = System.nanoTime() + 2 * PATIENCE.toNanos();
    while (underWay.get() > 0 && System.nanoTime() < until) {
      LockSupport.parkNanos(5_000_000);
    }
    return replies;
  }

  @Override
  public void close() {
    done = true;
    http.shutdownNow();
  }
}
