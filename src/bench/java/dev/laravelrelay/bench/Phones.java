package dev.laravelrelay.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntUnaryOperator;
import org.HdrHistogram.Histogram;

/**
 * All the clients of one server, one per user. Spread over several source addresses: past 14,000
 * connections from one, Linux's search for a free port would be measured instead of the server.
 */
final class Phones {

  private static final int SOURCES = 8;
  private static final int CONNECTING = 200;
  private static final long JOIN_SECONDS = 120;

  private final Reactor reactor;
  private final InetSocketAddress server;
  private final Clients kind;
  private final List<Clients.Client> phones = new ArrayList<>();

  private IntUnaryOperator users = IntUnaryOperator.identity();
  private int goal;
  private int joined;
  private CountDownLatch allJoined = new CountDownLatch(0);

  private volatile long delivered;
  private long expected;
  private volatile long lastAt;
  private Histogram latencies = new Histogram(3);

  Phones(Reactor reactor, InetSocketAddress server) {
    this(reactor, server, Phone::connect);
  }

  Phones(Reactor reactor, InetSocketAddress server, Clients kind) {
    this.reactor = reactor;
    this.server = server;
    this.kind = kind;
  }

  Reactor reactor() {
    return reactor;
  }

  /** Connects until there are this many. */
  void growTo(int count) throws InterruptedException {
    long start = System.nanoTime();
    CountDownLatch done = new CountDownLatch(1);
    reactor.run(
        () -> {
          goal = count;
          allJoined = done;
          if (joined == goal) {
            done.countDown();
          }
          while (phones.size() < goal && phones.size() - joined < CONNECTING) {
            connect();
          }
        });
    while (!done.await(5, TimeUnit.MILLISECONDS)) {
      reactor.check();
      if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(JOIN_SECONDS)) {
        throw new IllegalStateException(joined + " of " + count + " sessions were let in");
      }
    }
  }

  private void connect() throws IOException {
    int number = phones.size();
    InetSocketAddress from = new InetSocketAddress("127.0.0." + (1 + number % SOURCES), 0);
    phones.add(kind.connect(this, from, server, Tokens.of(users.applyAsInt(number))));
  }

  void joined() throws IOException {
    joined++;
    if (joined == goal) {
      allJoined.countDown();
    } else if (phones.size() < goal) {
      connect();
    }
  }

  /** Closes the newest until there are this many. */
  void shrinkTo(int count) throws InterruptedException {
    reactor.run(
        () -> {
          while (phones.size() > count) {
            phones.removeLast().close();
            joined--;
          }
        });
  }

  /** Whose client each is, by its number; from now on. */
  void belongTo(IntUnaryOperator owners) {
    users = owners;
  }

  int size() {
    return phones.size();
  }

  /** An event came; its data ends with the time at which it was meant to be sent. */
  void event(byte[] in, int end) {
    long now = System.nanoTime();
    latencies.recordValue(Math.max(0, now - Emits.sentAt(in, end)));
    delivered++;
    lastAt = now;
  }

  /** How many events have come so far. */
  long delivered() {
    return delivered;
  }

  /** When the last event came. */
  long lastAt() {
    return lastAt;
  }

  /** What was recorded since the last call. */
  Histogram takeLatencies() throws InterruptedException {
    Histogram[] taken = new Histogram[1];
    reactor.run(
        () -> {
          taken[0] = latencies;
          latencies = new Histogram(3);
        });
    return taken[0];
  }

  /** Waits until so many more events have come: what is lost fails the stage. */
  long expect(long events) throws InterruptedException {
    expected += events;
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (delivered < expected) {
      reactor.check();
      if (System.nanoTime() > end) {
        throw new IllegalStateException(delivered + " of " + expected + " events came");
      }
      TimeUnit.MILLISECONDS.sleep(1);
    }
    return events;
  }

  /** From now on only so many, taken at random, read; the others' events wait in the kernel. */
  void readOnly(int few) throws InterruptedException {
    reactor.run(
        () -> {
          List<Clients.Client> shuffled = new ArrayList<>(phones);
          Collections.shuffle(shuffled, new Random(few));
          shuffled.subList(few, shuffled.size()).forEach(phone -> phone.listen(false));
        });
  }

  void readAll() throws InterruptedException {
    reactor.run(() -> phones.forEach(phone -> phone.listen(true)));
  }
}
