package dev.laravelrelay.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * One thread that reads all sockets of the load generator that belong to one trial. What breaks one
 * of them ends the trial: whoever waits for it is told.
 */
final class Reactor implements AutoCloseable {

  /** What a socket's key carries: called on the reactor's thread when the socket is ready. */
  @FunctionalInterface
  interface Ready {
    void run(SelectionKey key) throws IOException;
  }

  @FunctionalInterface
  interface Task {
    void run() throws IOException;
  }

  private static final int BUFFER = 1 << 16;

  /** For every read; what is left over in it is the socket's to keep. */
  final ByteBuffer buffer = ByteBuffer.allocate(BUFFER);

  private final Selector selector;
  private final ArrayDeque<Task> tasks = new ArrayDeque<>();
  private final Thread thread;
  private volatile boolean closed;
  private volatile Throwable broken;

  Reactor() throws IOException {
    selector = Selector.open();
    thread = Thread.ofPlatform().daemon().name("reactor").start(this::loop);
  }

  Selector selector() {
    return selector;
  }

  /** Runs the task on the reactor's thread and returns when it is done. */
  void run(Task task) throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1);
    synchronized (tasks) {
      tasks.add(
          () -> {
            try {
              task.run();
            } finally {
              done.countDown();
            }
          });
    }
    selector.wakeup();
    while (!done.await(10, TimeUnit.MILLISECONDS)) {
      check();
    }
    check();
  }

  /** Throws what has broken a socket, if one is broken. */
  void check() {
    if (broken != null) {
      throw new IllegalStateException("a socket of the load generator broke: " + broken, broken);
    }
  }

  /** Ends the thread and closes every socket. */
  @Override
  public void close() throws IOException {
    closed = true;
    selector.wakeup();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    for (SelectionKey key : selector.keys()) {
      key.channel().close();
    }
    selector.close();
  }

  private void loop() {
    try {
      while (!closed) {
        selector.select(Reactor::ready);
        Task task = next();
        while (task != null) {
          task.run();
          task = next();
        }
      }
    } catch (UncheckedIOException socket) {
      broken = socket.getCause();
    } catch (IOException | RuntimeException e) {
      broken = e;
    }
  }

  private Task next() {
    synchronized (tasks) {
      return tasks.poll();
    }
  }

  private static void ready(SelectionKey key) {
    try {
      ((Ready) key.attachment()).run(key);
    } catch (IOException gone) {
      throw new UncheckedIOException(gone);
    }
  }
}
