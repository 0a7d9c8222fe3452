package dev.laravelrelay.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A TCP proxy in front of a port on loopback: the network of one phone, which a test may cut. Safe
 * from any thread; a virtual thread copies each direction.
 */
public final class DroppingProxy implements AutoCloseable {

  /** What happens to a connection. */
  public enum Drop {
    /** Both ends are told by FIN. */
    FIN,
    /** Both ends are told by RST. */
    RST,
    /** Nobody is told: what either end sends is swallowed. */
    SILENCE
  }

  private final ServerSocket listening;
  private volatile int target;
  private volatile boolean cutOff;
  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
  private final AtomicInteger accepted = new AtomicInteger();
  private volatile long refusingUntil = System.nanoTime();

  /** Listens on a free port and passes everything on to {@code target}. */
  public DroppingProxy(int target) {
    this.target = target;
    try {
      listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.startVirtualThread(this::accept);
  }

  /** Where clients are to connect to. */
  public URI url() {
    return URI.create("http://127.0.0.1:" + listening.getLocalPort());
  }

  /** How many connections were passed on so far; those that were refused do not count. */
  public int accepted() {
    return accepted.get();
  }

  /** Drops all connections that there are. */
  public void drop(Drop how) {
    connections.forEach(connection -> connection.drop(how));
  }

  /** Resets every new connection for so long. */
  public void refuse(Duration time) {
    refusingUntil = System.nanoTime() + time.toNanos();
  }

  /** New connections lead to this port from now on. */
  public void redirect(int port) {
    target = port;
  }

  /** From now on all is swallowed, also on new connections; nobody is told. */
  public void cutOff() {
    cutOff = true;
    drop(Drop.SILENCE);
  }

  /** Ends {@link #cutOff()} for new connections; those that were cut stay silent. */
  public void heal() {
    cutOff = false;
  }

  /** Resets what {@link Drop#SILENCE} has left half-open. */
  public void resetSilent() {
    connections.stream().filter(one -> one.silent).forEach(one -> one.drop(Drop.RST));
  }

  /** From now on what the server sends on today's connections is swallowed, and nothing else. */
  public void loseAnswers() {
    connections.forEach(connection -> connection.answersLost = true);
  }

  private void accept() {
    while (!listening.isClosed()) {
      try {
        Socket client = listening.accept();
        if (System.nanoTime() - refusingUntil < 0) {
          reset(client);
        } else {
          Connection connection = new Connection(client);
          connections.add(connection);
          connection.start();
        }
      } catch (IOException closedOrRefused) {
        // The loop's condition tells which.
      }
    }
  }

  private static void reset(Socket socket) {
    try {
      socket.setSoLinger(true, 0);
      socket.close();
    } catch (IOException gone) {
      // That is what was wanted.
    }
  }

  @Override
  public void close() {
    try {
      listening.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List.copyOf(connections).forEach(connection -> connection.drop(Drop.RST));
  }

  private final class Connection {

    private final Socket client;
    private final Socket server;
    private final AtomicInteger directions = new AtomicInteger(2);
    private volatile boolean silent;
    private volatile boolean answersLost;

    Connection(Socket client) throws IOException {
      this.client = client;
      this.server = new Socket(InetAddress.getLoopbackAddress(), target);
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
    }

    void start() {
      if (cutOff) {
        silent = true;
      }
      accepted.incrementAndGet();
      Thread.startVirtualThread(() -> copy(client, server));
      Thread.startVirtualThread(() -> copy(server, client));
    }

    void drop(Drop how) {
      switch (how) {
        case SILENCE -> silent = true;
        case RST -> {
          reset(client);
          reset(server);
        }
        case FIN -> {
          finish(client);
          finish(server);
        }
      }
    }

    private void copy(Socket from, Socket to) {
      byte[] buffer = new byte[8192];
      try {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
          if (!silent && !(answersLost && from == server)) {
            out.write(buffer, 0, count);
          }
        }
        if (!silent) {
          finish(to);
        }
      } catch (IOException cut) {
        if (!silent) {
          reset(to);
        }
      }
      if (directions.decrementAndGet() == 0) {
        connections.remove(this);
        reset(client);
        reset(server);
      }
    }

    private static void finish(Socket socket) {
      try {
        socket.shutdownOutput();
      } catch (IOException gone) {
        // Then there is nobody to tell.
      }
    }
  }
}
