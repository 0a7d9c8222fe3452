package dev.laravelrelay.e2e;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * A stock Socket.IO client in a test's hand. Only JDK types and {@link Heard} cross it: behind it
 * may be another class path, or another process.
 */
public interface Phone extends AutoCloseable {

  /** The transports as the client's option {@code transports} names them. */
  enum Transports {
    POLLING(List.of("polling")),
    WEBSOCKET(List.of("websocket")),
    UPGRADE(List.of("polling", "websocket"));

    private final List<String> names;

    Transports(List<String> names) {
      this.names = names;
    }

    List<String> names() {
      return names;
    }

    /** The transport that it ends up on. */
    String settled() {
      return names.getLast();
    }
  }

  /** Makes phones of one kind. */
  @FunctionalInterface
  interface Maker {

    /**
     * A phone that is not connected yet.
     *
     * @param auth the CONNECT packet's payload
     * @param events besides connect, disconnect and connect_error, what it listens to
     */
    Phone make(String url, Transports transports, Map<String, String> auth, List<String> events);
  }

  void connect();

  boolean connected();

  /** {@code socket.id}; empty while it has none. */
  String id();

  /** The transport in use: polling or websocket; empty while it has none. */
  String transport();

  /** All that its listeners were called with, in order. */
  List<Heard> heard();

  /** Emits, and asks for no ack. */
  void tell(String event, String json);

  /** Emits with an ack; the future holds the ack's arguments as a JSON array. */
  CompletableFuture<String> ask(String event, String json);

  @Override
  void close();
}
