package dev.laravelrelay.e2e.faults;

import dev.laravelrelay.e2e.RelayProcess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Asks all the time whether the relay is whole: whether an emit on the first node to a user on the
 * second is confirmed, whether both say that they are ready, and what memory they take. Threads of
 * its own; times are {@link System#nanoTime()}.
 */
final class Probe implements AutoCloseable {

  static final String USER = "probe";

  private static final long PAUSE_MILLIS = 25;

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final List<RelayProcess> nodes;
  private final List<Thread> threads;
  private volatile boolean done;
  private volatile long notConfirmedAt;
  private volatile long confirmedAgainAt;
  private volatile long firstNotReadyAt;
  private volatile long readyAgainAt;
  private volatile long residentKb;

  Probe(List<RelayProcess> nodes) {
    this.nodes = nodes;
    this.threads =
        List.of(
            Thread.ofPlatform().name("probe-confirm").start(() -> loop(this::confirm)),
            Thread.ofPlatform().name("probe-ready").start(() -> loop(this::ready)));
  }

  private void loop(Runnable once) {
    while (!done) {
      once.run();
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(PAUSE_MILLIS));
    }
  }

  private void confirm() {
    String body =
        "{\"user\":\"%s\",\"event\":\"ring\",\"data\":{\"n\":-1},\"confirm\":800}".formatted(USER);
    HttpRequest.Builder emit =
        request(nodes.getFirst().apiUrl().resolve("/api/emit"))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body));
    String reply = ask(emit, Duration.ofSeconds(3));
    if (!reply.contains("\"verdict\":\"confirmed\"")) {
      notConfirmedAt = System.nanoTime();
    } else if (confirmedAgainAt <= notConfirmedAt) {
      confirmedAgainAt = System.nanoTime();
    }
  }

  private void ready() {
    boolean all = true;
    for (RelayProcess node : nodes) {
      String reply = ask(request(node.apiUrl().resolve("/health/ready")), Duration.ofMillis(500));
      all &= reply.startsWith("200");
      residentKb = Math.max(residentKb, residentKb(node.pid()));
    }
    if (!all) {
      firstNotReadyAt = firstNotReadyAt == 0 ? System.nanoTime() : firstNotReadyAt;
      readyAgainAt = 0;
    } else if (readyAgainAt == 0) {
      readyAgainAt = System.nanoTime();
    }
  }

  /** That a node was not ready before now. */
  void forget() {
    firstNotReadyAt = 0;
  }

  /** Milliseconds from then until both nodes were ready and emits were confirmed. */
  long wholeAfter(long then) {
    long confirmed = notConfirmedAt > then ? confirmedAgainAt : then;
    long ready = firstNotReadyAt == 0 ? then : readyAgainAt;
    return Math.max(0, (Math.max(confirmed, ready) - then) / 1_000_000);
  }

  /** Whether the last answers were good. */
  boolean isWhole() {
    return confirmedAgainAt > notConfirmedAt && readyAgainAt != 0;
  }

  /** Milliseconds from then until a node said that it was not ready; -1 if none did. */
  long notReadyAfter(long then) {
    return firstNotReadyAt == 0 ? -1 : (firstNotReadyAt - then) / 1_000_000;
  }

  long residentMb() {
    return residentKb >> 10;
  }

  private HttpRequest.Builder request(URI url) {
    return HttpRequest.newBuilder(url).header("Authorization", "Bearer " + RelayProcess.KEY);
  }

  private String ask(HttpRequest.Builder request, Duration patience) {
    try {
      HttpResponse<String> reply =
          http.send(request.timeout(patience).build(), BodyHandlers.ofString());
      return reply.statusCode() + " " + reply.body();
    } catch (IOException e) {
      return "0";
    } catch (InterruptedException e) {
      done = true;
      return "0";
    }
  }

  private static long residentKb(long pid) {
    try {
      return Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
          .filter(line -> line.startsWith("VmRSS"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElse(0);
    } catch (IOException gone) {
      return 0;
    }
  }

  @Override
  public void close() {
    done = true;
    threads.forEach(Thread::interrupt);
    http.shutdownNow();
  }
}
