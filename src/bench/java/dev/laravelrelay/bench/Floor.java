package dev.laravelrelay.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * What the kernel alone takes of a delivery on this machine: a thread that does nothing but send
 * the frame of the README's example to each of many sockets, by the CPU time of that thread. A
 * server that writes to each socket cannot be below it.
 */
public final class Floor {

  /** The bytes of the frame. */
  private static final int FRAME = 105;

  private static final int[] SOCKETS = {1_000, 9_500};
  private static final int ROUNDS = 5;
  private static final int DELIVERIES = 200_000;
  private static final int BACKLOG = 4_096;
  private static final int PATIENCE_SECONDS = 30;

  private Floor() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    for (int sockets : SOCKETS) {
      List<Double> micros = measure(sockets);
      System.out.printf(
          Locale.ROOT,
          "a bare send to each of %,d sockets: %.1f µs of CPU (%.1f to %.1f), %d rounds%n",
          sockets,
          micros.get(ROUNDS / 2),
          micros.getFirst(),
          micros.getLast(),
          ROUNDS);
    }
    System.exit(0);
  }

  /** CPU per send in each round, in order of size. */
  private static List<Double> measure(int sockets) throws IOException, InterruptedException {
    List<SocketChannel> senders = new ArrayList<>(sockets);
    List<SocketChannel> readers = new ArrayList<>(sockets);
    Semaphore heard = new Semaphore(0);
    try (ServerSocketChannel listening = ServerSocketChannel.open();
        Selector selector = Selector.open()) {
      listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), BACKLOG);
      for (int i = 0; i < sockets; i++) {
        SocketChannel reading = SocketChannel.open(listening.getLocalAddress());
        readers.add(reading);
        reading.configureBlocking(false);
        reading.register(selector, SelectionKey.OP_READ);
        SocketChannel sender = listening.accept();
        sender.setOption(StandardSocketOptions.TCP_NODELAY, true);
        senders.add(sender);
      }
      Thread.ofPlatform().daemon().start(() -> read(selector, (long) FRAME * sockets, heard));
      send(senders, heard);
      ThreadMXBean threads = ManagementFactory.getThreadMXBean();
      List<Double> micros = new ArrayList<>();
      for (int round = 0; round < ROUNDS; round++) {
        long before = threads.getCurrentThreadCpuTime();
        int sent = send(senders, heard);
        micros.add((threads.getCurrentThreadCpuTime() - before) / 1e3 / sent);
      }
      return micros.stream().sorted().toList();
    } finally {
      for (SocketChannel socket : senders) {
        socket.close();
      }
      for (SocketChannel socket : readers) {
        socket.close();
      }
    }
  }

  /** One frame to each, then to each again when all have it; how many in all. */
  private static int send(List<SocketChannel> senders, Semaphore heard)
      throws IOException, InterruptedException {
    ByteBuffer frame = ByteBuffer.allocateDirect(FRAME);
    int sent = 0;
    while (sent < DELIVERIES) {
      for (SocketChannel sender : senders) {
        frame.clear();
        sender.write(frame);
      }
      sent += senders.size();
      if (!heard.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException("not all frames came");
      }
    }
    return sent;
  }

  /** Reads what comes, and says when it was a frame for each. */
  private static void read(Selector selector, long all, Semaphore heard) {
    ByteBuffer room = ByteBuffer.allocateDirect(4_096);
    long come = 0;
    try {
      while (true) {
        selector.select();
        for (SelectionKey key : selector.selectedKeys()) {
          come += ((SocketChannel) key.channel()).read(room.clear());
        }
        selector.selectedKeys().clear();
        for (; come >= all; come -= all) {
          heard.release();
        }
      }
    } catch (ClosedSelectorException | CancelledKeyException measured) {
      return;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
