package dev.laravelrelay.laravel;

import dev.laravelrelay.config.WebhookConfig;
import dev.laravelrelay.delivery.Notice;
import dev.laravelrelay.delivery.Webhook;
import dev.laravelrelay.delivery.WebhookQueue;
import dev.laravelrelay.delivery.WebhookQueue.Queued;
import dev.laravelrelay.laravel.WebhookSender.Result;
import dev.laravelrelay.metrics.RelayMetrics;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the notices of a queue to Laravel: in batches, at least once, in order within a lane. A
 * notice that Laravel refuses rests, with its lane, and goes alone from then on; while Laravel is
 * away everything rests. After {@link #GIVE_UP} a notice is dead.
 *
 * <p>Safe from any thread; nothing blocks its caller. Requests, and what touches the queue besides
 * adding to it, run on virtual threads.
 */
public final class Webhooks implements Webhook {

  private static final Logger log = LoggerFactory.getLogger(Webhooks.class);

  /** For how long a notice is tried. */
  public static final Duration GIVE_UP = Duration.ofHours(24);

  /** How long {@link #ask} waits for Laravel's answer. */
  public static final Duration PATIENCE = Duration.ofSeconds(2);

  /** Notices in one request. */
  static final int MAX_BATCH = 100;

  private static final int MAX_REQUESTS = 4;
  private static final int MAX_QUESTIONS = 32;
  private static final long POLL_MILLIS = 100;
  private static final long LAST_MILLIS = 1_000;
  private static final Duration LAST_WORDS = Duration.ofSeconds(3);
  private static final Duration AFTER_FAILURE = Duration.ofMinutes(1);
  private static final Backoff AFTER_REFUSAL =
      new Backoff(Duration.ofSeconds(1), Duration.ofHours(1));

  private final WebhookQueue queue;
  private volatile @Nullable ReplyEmits emits;
  private final RelayMetrics metrics;
  private final InstantSource clock;
  private final WebhookSender sender;
  private final Absence absence;
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("webhook-", 0).factory());
  private final Semaphore requests = new Semaphore(MAX_REQUESTS);
  private final Semaphore questions = new Semaphore(MAX_QUESTIONS);
  private final Semaphore work = new Semaphore(0);
  private final Map<String, CompletableFuture<Answer>> waiting = new ConcurrentHashMap<>();
  private final Duration patience;
  private volatile boolean closed;

  /** Sends nothing before {@link #start}. */
  public Webhooks(
      URI url,
      WebhookConfig config,
      WebhookQueue queue,
      RelayMetrics metrics,
      InstantSource clock) {
    this(url, config, queue, metrics, clock, PATIENCE);
  }

  /**
   * Sends nothing before {@link #start}.
   *
   * @param patience how long {@link #ask} waits
   */
  Webhooks(
      URI url,
      WebhookConfig config,
      WebhookQueue queue,
      RelayMetrics metrics,
      InstantSource clock,
      Duration patience) {
    this.queue = queue;
    this.metrics = metrics;
    this.clock = clock;
    this.patience = patience;
    this.absence = new Absence(clock);
    this.sender = new WebhookSender(url, config, metrics, clock, threads);
    metrics.gauge(
        "relay_webhooks_away",
        "1 while Laravel does not take webhooks",
        () -> absence.isOn() ? 1 : 0);
  }

  /**
   * Begins to send.
   *
   * @param replyEmits takes what Laravel's replies ask to emit
   */
  public void start(ReplyEmits replyEmits) {
    emits = replyEmits;
    threads.execute(this::run);
  }

  @Override
  public void tell(Notice notice) {
    queue.add(notice, false).whenComplete((kept, failure) -> added(notice, failure));
  }

  @Override
  public CompletionStage<Answer> ask(Notice notice) {
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    boolean now = !absence.isOn() && questions.tryAcquire();
    if (now) {
      waiting.put(notice.id(), answer);
      answer.whenComplete(
          (done, failure) -> {
            waiting.remove(notice.id());
            questions.release();
          });
    }
    queue
        .add(notice, true)
        .whenComplete(
            (kept, failure) -> {
              added(notice, failure);
              if (failure != null) {
                answer.completeExceptionally(failure);
              } else if (now && !answer.isDone()) {
                execute(() -> sendClaimed(notice));
              } else {
                answer.complete(new Answer.Queued());
              }
            });
    return answer.completeOnTimeout(
        new Answer.Queued(), patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void added(Notice notice, @Nullable Throwable failure) {
    if (failure == null) {
      work.release();
    } else {
      metrics.webhookDropped("queue");
      log.warn("a {} notice cannot be queued", notice.kind().lowerCase(), failure);
    }
  }

  private void sendClaimed(Notice notice) {
    Queued claimed = queue.claim(notice);
    if (claimed != null) {
      send(List.of(claimed));
    }
  }

  /** The one thread that claims what is due; while Laravel is away it makes one request at once. */
  private void run() {
    try {
      while (!closed) {
        int free = absence.isOn() ? MAX_REQUESTS : 1;
        long rest = absence.remaining();
        if (rest > 0) {
          Thread.sleep(Math.min(rest, POLL_MILLIS));
        } else if (requests.availablePermits() < free) {
          if (requests.tryAcquire(free, POLL_MILLIS, TimeUnit.MILLISECONDS)) {
            requests.release(free);
          }
        } else if (!sendNext()) {
          work.tryAcquire(POLL_MILLIS, TimeUnit.MILLISECONDS);
          work.drainPermits();
        }
      }
    } catch (InterruptedException stopping) {
      Thread.currentThread().interrupt();
    }
  }

  /** Starts one request; false if there is nothing to send. */
  private boolean sendNext() throws InterruptedException {
    List<Queued> claimed;
    try {
      claimed = queue.claim(MAX_BATCH);
    } catch (RuntimeException e) {
      log.warn("the queue of webhooks cannot be read", e);
      Thread.sleep(1_000);
      return false;
    }
    if (claimed.isEmpty()) {
      return false;
    }
    requests.acquire();
    boolean started =
        execute(
            () -> {
              try {
                send(claimed);
              } finally {
                requests.release();
              }
            });
    if (!started) {
      requests.release();
      queue.release(claimed);
    }
    return true;
  }

  private boolean execute(Runnable task) {
    try {
      threads.execute(task);
      return true;
    } catch (RejectedExecutionException stopping) {
      return false;
    }
  }

  private void send(List<Queued> claimed) {
    try {
      switch (sender.send(claimed)) {
        case Result.Heard(WebhookReply reply) -> heard(claimed, reply);
        case Result.Refused(String why) -> {
          absence.ended();
          refused(claimed, why);
        }
        case Result.Away(String why, boolean hung) -> {
          absence.noticed(why);
          if (hung) {
            refused(claimed, why);
          } else {
            List<Queued> alive = withoutTheDead(claimed, why);
            queue.release(alive);
          }
        }
      }
    } catch (InterruptedException stopping) {
      Thread.currentThread().interrupt();
      queue.release(claimed);
    } catch (RuntimeException e) {
      log.error("a webhook request failed", e);
      queue.refused(claimed, AFTER_FAILURE);
    }
    claimed.forEach(one -> answer(one, new Answer.Queued()));
    work.release();
  }

  private void heard(List<Queued> claimed, WebhookReply reply) {
    absence.ended();
    try {
      Objects.requireNonNull(emits).emit(reply);
    } catch (RuntimeException e) {
      log.error("what Laravel's reply asks for failed", e);
    }
    queue.delivered(claimed);
    boolean alone = claimed.size() == 1;
    for (Queued one : claimed) {
      metrics.webhookDelivered(one.notice().kind().lowerCase());
      answer(one, new Answer.Replied(alone ? reply.ack() : null));
    }
  }

  /** The first answer counts. */
  private void answer(Queued one, Answer answer) {
    CompletableFuture<Answer> asked = waiting.get(one.notice().id());
    if (asked != null) {
      asked.complete(answer);
    }
  }

  private void refused(List<Queued> claimed, String why) {
    List<Queued> alive = withoutTheDead(claimed, why);
    if (!alive.isEmpty()) {
      boolean alone = claimed.size() == 1;
      int attempts = alive.getFirst().attempts() + 1;
      log.debug("{} webhook notices were refused: {}", alive.size(), why);
      queue.refused(
          alive,
          alone ? AFTER_REFUSAL.after(attempts, ThreadLocalRandom.current()) : Duration.ZERO);
    }
  }

  private List<Queued> withoutTheDead(List<Queued> claimed, String why) {
    long youngest = clock.millis() - GIVE_UP.toMillis();
    List<Queued> alive = claimed.stream().filter(one -> one.queuedAt() > youngest).toList();
    claimed.stream()
        .filter(one -> one.queuedAt() <= youngest)
        .forEach(
            one -> {
              log.warn("{} notice {} is given up: {}", kind(one), one.notice().id(), why);
              queue.died(one, why);
            });
    return alive;
  }

  private static String kind(Queued one) {
    return one.notice().kind().lowerCase();
  }

  /**
   * Stops, after a little time for what is queued and a little more for what is under way; what a
   * memory queue holds then is lost, and the emits of replies that wait.
   */
  public void stop() throws InterruptedException {
    long deadline = System.nanoTime() + LAST_WORDS.toNanos();
    while (queue.size() > 0 && !absence.isOn() && System.nanoTime() < deadline) {
      Thread.sleep(POLL_MILLIS);
    }
    closed = true;
    if (!absence.isOn() && !requests.tryAcquire(MAX_REQUESTS, LAST_MILLIS, TimeUnit.MILLISECONDS)) {
      log.debug("webhook requests under way are given up");
    }
    threads.shutdownNow();
    sender.close();
    threads.close();
    ReplyEmits replyEmits = emits;
    if (replyEmits != null) {
      replyEmits.stop();
    }
    if (queue.unkept() > 0) {
      log.warn("{} webhook notices are lost", queue.unkept());
    }
  }
}
