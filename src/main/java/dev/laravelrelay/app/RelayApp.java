package dev.laravelrelay.app;

import dev.laravelrelay.config.RelayConfig;
import dev.laravelrelay.lifecycle.StopSequence;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.CountDownLatch;

/** Both doors of a relay, open. */
public final class RelayApp implements AutoCloseable {

  /** Why a relay did not start, in one sentence. */
  public static final class StartException extends Exception {

    private static final long serialVersionUID = 1;

    public StartException(String sentence) {
      super(sentence);
    }
  }

  private final ServerSocket socket;
  private final ServerSocket api;
  private final StopSequence stops = new StopSequence();
  private final CountDownLatch stopped = new CountDownLatch(1);

  private RelayApp(RelayConfig config) throws StartException {
    this.api = open(config.api().bind(), config.api().port());
    stops.push("api", api::close);
    this.socket = open(config.socket().bind(), config.socket().port());
    stops.push("sockets", socket::close);
  }

  /** Starts a relay. */
  public static RelayApp start(RelayConfig config) throws StartException {
    return new RelayApp(config);
  }

  public int socketPort() {
    return socket.getLocalPort();
  }

  public int apiPort() {
    return api.getLocalPort();
  }

  /** Returns when the relay has been stopped. */
  public void awaitStop() throws InterruptedException {
    stopped.await();
  }

  @Override
  public void close() {
    stops.close();
    stopped.countDown();
  }

  private static ServerSocket open(String bind, int port) throws StartException {
    try {
      return new ServerSocket(port, 0, InetAddress.getByName(bind));
    } catch (IOException e) {
      throw new StartException("Port %d on %s is in use.".formatted(port, bind));
    }
  }
}
