package dev.laravelrelay.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/** HTTP clients with one connection each, as a backend has: they send emits and await answers. */
final class Callers {

  private static final long SPIN_NANOS = 60_000;

  private final Reactor reactor;
  private final List<Caller> all = new ArrayList<>();
  private final ConcurrentLinkedQueue<Caller> idle = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Long> late = new ConcurrentLinkedQueue<>();

  private volatile Emits emits;
  private volatile int users;
  private volatile boolean closedLoop;
  private int nextUser;

  private volatile long answered;
  private volatile long sent;
  private Histogram latencies = new Histogram(3);

  Callers(Reactor reactor, InetSocketAddress server, int count)
      throws IOException, InterruptedException {
    this.reactor = reactor;
    for (int i = 0; i < count; i++) {
      Caller caller = new Caller(this, server);
      all.add(caller);
      idle.add(caller);
      reactor.run(() -> caller.register(reactor));
    }
  }

  /** Each sends its next request when the last is answered, for so long; returns the answers. */
  long closedLoop(Emits kind, int userCount, double seconds) throws InterruptedException {
    long before = answered;
    start(kind, userCount);
    closedLoop = true;
    reactor.run(
        () -> {
          for (Caller caller = idle.poll(); caller != null; caller = idle.poll()) {
            send(caller, System.nanoTime());
          }
        });
    TimeUnit.MICROSECONDS.sleep((long) (seconds * 1e6));
    closedLoop = false;
    awaitAnswers();
    return answered - before;
  }

  /** A request is due so many times a second, answered or not; returns how many there were. */
  long openLoop(Emits kind, int userCount, int perSecond, double seconds)
      throws IOException, InterruptedException {
    start(kind, userCount);
    long total = (long) (perSecond * seconds);
    long first = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(1);
    for (long i = 0; i < total; i++) {
      long due = first + i * TimeUnit.SECONDS.toNanos(1) / perSecond;
      waitUntil(due);
      late.add(due);
      sendLate();
    }
    awaitAnswers();
    return total;
  }

  /** Sends one request and awaits its answer; returns when it was sent. */
  long once(Emits kind) throws IOException, InterruptedException {
    start(kind, 1);
    long now = System.nanoTime();
    late.add(now);
    sendLate();
    awaitAnswers();
    return now;
  }

  private void start(Emits kind, int userCount) {
    emits = kind;
    users = userCount;
    nextUser = 0;
  }

  private static void waitUntil(long due) {
    for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
      if (wait > SPIN_NANOS) {
        LockSupport.parkNanos(wait - SPIN_NANOS);
      } else {
        Thread.onSpinWait();
      }
    }
  }

  private void sendLate() throws IOException {
    while (!late.isEmpty()) {
      Caller caller = idle.poll();
      if (caller == null) {
        return;
      }
      Long due = late.poll();
      if (due == null) {
        idle.add(caller);
      } else {
        send(caller, due);
      }
    }
  }

  private void send(Caller caller, long due) throws IOException {
    int user;
    synchronized (this) {
      user = nextUser;
      nextUser = (nextUser + emits.count * 7_919) % users;
      sent++;
    }
    caller.send(emits.request(user, users, due), due);
  }

  /** On the reactor's thread. */
  void answered(Caller caller, long due) throws IOException {
    latencies.recordValue(Math.max(0, System.nanoTime() - due));
    answered++;
    if (closedLoop) {
      send(caller, System.nanoTime());
    } else {
      idle.add(caller);
      sendLate();
    }
  }

  private void awaitAnswers() throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (answered < sent || !late.isEmpty()) {
      reactor.check();
      if (System.nanoTime() > end) {
        throw new IllegalStateException(answered + " of " + sent + " requests were answered");
      }
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  /** From the intended send time to the answer, since the last call. */
  Histogram takeLatencies() throws InterruptedException {
    Histogram[] taken = new Histogram[1];
    reactor.run(
        () -> {
          taken[0] = latencies;
          latencies = new Histogram(3);
        });
    return taken[0];
  }

  void close() throws InterruptedException {
    reactor.run(
        () -> {
          for (Caller caller : all) {
            caller.close();
          }
        });
  }
}
