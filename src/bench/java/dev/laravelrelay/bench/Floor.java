package dev.laravelrelay.bench;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What the kernel alone takes of a delivery on this machine, and how that grows: a thread that does
 * nothing but send the frame of an event to each of many sockets, by the CPU time of that thread. A
 * server that writes to each socket cannot be below it. The readers are a process of their own, as
 * one may not have so many sockets.
 */
public final class Floor {

  static final String NAME = "bare send";

  /** The bytes of the frame. */
  private static final int FRAME = 105;

  private static final int FEW = 1_000;
  private static final int MANY = Tokens.USERS;
  private static final int TURNS = 3;
  private static final int DELIVERIES = 150_000;
  private static final int BACKLOG = 4_096;

  private final List<SocketChannel> sockets;
  private final DataInputStream heard;
  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
  private final ByteBuffer frame = ByteBuffer.allocateDirect(FRAME);
  private long sentBytes;

  private Floor(List<SocketChannel> sockets, DataInputStream heard) {
    this.sockets = sockets;
    this.heard = heard;
  }

  static void run(Results results) {
    try (ServerSocketChannel listening = ServerSocketChannel.open()) {
      listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), BACKLOG);
      Process readers = readers(((InetSocketAddress) listening.getLocalAddress()).getPort());
      readers.onExit().thenRun(() -> close(listening));
      List<SocketChannel> sockets = new ArrayList<>();
      try {
        while (sockets.size() < MANY) {
          SocketChannel socket = listening.accept();
          socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
          sockets.add(socket);
        }
        new Floor(sockets, new DataInputStream(readers.getInputStream())).measure(results);
      } finally {
        readers.destroyForcibly();
        for (SocketChannel socket : sockets) {
          socket.close();
        }
      }
    } catch (IOException e) {
      results.failed(NAME, Stage.FLOOR, e);
    }
  }

  /** Ends the wait for readers that are gone. */
  private static void close(ServerSocketChannel listening) {
    try {
      listening.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Process readers(int port) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Floor.class.getName(),
            Integer.toString(port))
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  /** Few and many take turns: what drifts weighs on both alike. */
  private void measure(Results results) throws IOException {
    microsPerSend(MANY);
    for (int i = 0; i < TURNS; i++) {
      double few = microsPerSend(FEW);
      results.add(NAME, Metric.DELIVERY_CPU, microsPerSend(Trial.SESSIONS));
      results.add(NAME, Metric.GROWTH_SESSIONS, microsPerSend(MANY) / few);
    }
  }

  /** One frame to each, then to each again when all have it. */
  private double microsPerSend(int size) throws IOException {
    long nanos = 0;
    int sent = 0;
    while (sent < DELIVERIES) {
      long before = threads.getCurrentThreadCpuTime();
      for (SocketChannel socket : sockets.subList(0, size)) {
        socket.write(frame.clear());
      }
      nanos += threads.getCurrentThreadCpuTime() - before;
      sent += size;
      sentBytes += (long) FRAME * size;
      awaitHeard();
    }
    return nanos / 1e3 / sent;
  }

  private void awaitHeard() throws IOException {
    long come = heard.readLong();
    while (come < sentBytes) {
      come = heard.readLong();
    }
  }

  /** The readers: connect to the port, and say how many bytes have come in all, until killed. */
  public static void main(String[] args) throws IOException {
    InetSocketAddress server =
        new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0]));
    DataOutputStream out = new DataOutputStream(System.out);
    ByteBuffer room = ByteBuffer.allocateDirect(4_096);
    long come = 0;
    try (Selector selector = Selector.open()) {
      for (int i = 0; i < MANY; i++) {
        SocketChannel socket = SocketChannel.open(server);
        socket.configureBlocking(false);
        socket.register(selector, SelectionKey.OP_READ);
      }
      while (true) {
        selector.select();
        for (SelectionKey key : selector.selectedKeys()) {
          int bytes = ((SocketChannel) key.channel()).read(room.clear());
          if (bytes < 0) {
            return;
          }
          come += bytes;
        }
        selector.selectedKeys().clear();
        out.writeLong(come);
        out.flush();
      }
    }
  }
}
