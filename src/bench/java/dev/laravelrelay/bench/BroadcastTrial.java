package dev.laravelrelay.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Events that Laravel's redis broadcaster publishes, one per user; Redis is started for it. */
final class BroadcastTrial {

  private static final int SESSIONS = 10_000;
  private static final int PIPELINED = 500;

  private BroadcastTrial() {}

  static Map<Metric, Double> run(List<String> flags, Pace pace)
      throws IOException, InterruptedException {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    Process redis =
        new ProcessBuilder("redis-server", "--port", "" + port, "--save", "", "--bind", "127.0.0.1")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (Socket publisher = connect(port)) {
      return measure(flags, pace, "redis://127.0.0.1:" + port, publisher);
    } finally {
      redis.destroy();
      redis.waitFor();
    }
  }

  private static Socket connect(int port) throws InterruptedException {
    while (true) {
      try {
        return new Socket("127.0.0.1", port);
      } catch (IOException notYet) {
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
  }

  private static Map<Metric, Double> measure(
      List<String> flags, Pace pace, String url, Socket publisher)
      throws IOException, InterruptedException {
    ServerProcess server = Contender.relay(flags, Map.of("RELAY_REDIS_URL", url)).start();
    try {
      Phones phones = new Phones(new Reactor(), server.sockets);
      phones.growTo(SESSIONS);
      long sent = publish(publisher.getOutputStream(), phones, 0, pace.warm() / 2);
      long cpu = server.cpuNanos();
      long measured = publish(publisher.getOutputStream(), phones, sent, pace.warm() / 2) - sent;
      double perEvent = (server.cpuNanos() - cpu) / 1e3 / measured;
      System.err.printf("    BROADCAST_CPU %.1f µs%n", perEvent);
      phones.shrinkTo(0);
      return Map.of(Metric.BROADCAST_CPU, perEvent);
    } finally {
      server.stop();
    }
  }

  private static long publish(OutputStream redis, Phones phones, long sent, int count)
      throws IOException, InterruptedException {
    long goal = sent + count;
    long total = sent;
    while (total < goal) {
      StringBuilder commands = new StringBuilder();
      for (int i = 0; i < PIPELINED; i++) {
        commands.append(command((int) ((total + i) * 7_919L % SESSIONS)));
      }
      redis.write(commands.toString().getBytes(StandardCharsets.ISO_8859_1));
      total += PIPELINED;
      phones.awaitDelivered(total);
    }
    return total;
  }

  private static String command(int user) {
    String channel = "laravel_database_private-user." + Tokens.user(user);
    String message =
        "{\"event\":\"call:rejected\",\"data\":%s,\"socket\":null}"
            .formatted(Emits.data(System.nanoTime()));
    return "*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n"
        .formatted(channel.length(), channel, message.length(), message);
  }
}
