package dev.laravelrelay.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.concurrent.CountDownLatch;

/** One thread that reads all of the load generator's sockets. Ends with the process. */
final class Reactor {

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

  Reactor() throws IOException {
    selector = Selector.open();
    Thread.ofPlatform().daemon().name("reactor").start(this::loop);
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
    done.await();
  }

  private void loop() {
    try {
      while (true) {
        selector.select(Reactor::ready);
        Task task = next();
        while (task != null) {
          task.run();
          task = next();
        }
      }
    } catch (IOException | RuntimeException broken) {
      broken.printStackTrace();
      System.exit(1);
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
      throw new IllegalStateException("a socket of the load generator broke", gone);
    }
  }
}
