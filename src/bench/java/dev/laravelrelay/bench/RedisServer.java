package dev.laravelrelay.bench;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** A Redis of the benchmark's own, and one connection to it that writes and reads no answers. */
final class RedisServer implements AutoCloseable {

  private static final long READY_SECONDS = 10;

  private final int port;
  private final Process process;
  private final Socket socket;

  RedisServer() throws IOException, InterruptedException {
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    process =
        new ProcessBuilder("redis-server", "--port", "" + port, "--save", "", "--bind", "127.0.0.1")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    socket = connect();
    Thread.ofVirtual().start(this::readOn);
  }

  private Socket connect() throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_SECONDS);
    while (true) {
      try {
        return new Socket("127.0.0.1", port);
      } catch (IOException notYet) {
        if (System.nanoTime() > end || !process.isAlive()) {
          process.destroyForcibly();
          throw notYet;
        }
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
  }

  /** The answers would fill the socket otherwise. */
  private void readOn() {
    try {
      byte[] buffer = new byte[1 << 16];
      int read = 0;
      while (read >= 0) {
        read = socket.getInputStream().read(buffer);
      }
    } catch (IOException closed) {
      // that is its end
    }
  }

  String url() {
    return "redis://127.0.0.1:" + port;
  }

  /** Sends commands as they go over the wire. */
  void send(String commands) throws IOException {
    socket.getOutputStream().write(commands.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** One command as it goes over the wire. */
  static String command(String... words) {
    StringBuilder out = new StringBuilder().append('*').append(words.length).append("\r\n");
    for (String word : words) {
      out.append('$').append(word.length()).append("\r\n").append(word).append("\r\n");
    }
    return out.toString();
  }

  @Override
  public void close() throws IOException {
    socket.close();
    process.destroy();
    process.onExit().join();
  }
}
