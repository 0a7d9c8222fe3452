package dev.laravelrelay.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The wire between phones and the relay, which a test can cut. */
final class Wire implements AutoCloseable {

  private final ServerSocket listener;
  private final int to;
  private final Set<Socket> ends = ConcurrentHashMap.newKeySet();

  /** A wire to a port of this machine. */
  Wire(int to) {
    this.to = to;
    try {
      listener = new ServerSocket(0, 128, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().name("wire").start(this::accept);
  }

  String url() {
    return "http://127.0.0.1:" + listener.getLocalPort();
  }

  /** Resets every connection, as a network change does; new ones get through. */
  void cut() {
    ends.forEach(Wire::cut);
  }

  private static void cut(Socket end) {
    try {
      end.setSoLinger(true, 0);
      end.close();
    } catch (IOException gone) {
      assert end.isClosed() : gone;
    }
  }

  private void accept() {
    try {
      while (true) {
        Socket near = listener.accept();
        Thread.ofVirtual().name("wire").start(() -> join(near));
      }
    } catch (IOException closed) {
      cut();
    }
  }

  private void join(Socket near) {
    try (near;
        Socket far = new Socket(InetAddress.getLoopbackAddress(), to)) {
      near.setTcpNoDelay(true);
      far.setTcpNoDelay(true);
      ends.add(near);
      ends.add(far);
      Thread back = Thread.ofVirtual().name("wire").start(() -> pump(far, near));
      pump(near, far);
      back.join();
    } catch (IOException nobodyThere) {
      cut(near);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      ends.remove(near);
    }
  }

  private void pump(Socket from, Socket into) {
    try (from;
        into) {
      from.getInputStream().transferTo(into.getOutputStream());
    } catch (IOException wireWasCut) {
      cut(from);
      cut(into);
    } finally {
      ends.remove(from);
      ends.remove(into);
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    cut();
  }
}
