package dev.laravelrelay.bench;

import java.io.IOException;
import java.util.function.IntFunction;

/** What events cost that come by way of Redis, or are held there. */
final class RedisStages {

  private static final int PIPELINED = 500;

  /** About a second each. */
  private static final int WARM_TURN = 15_000;

  private RedisStages() {}

  static void run(Stage stage, Trial trial, RedisServer redis)
      throws IOException, InterruptedException {
    trial.settle();
    switch (stage) {
      case BROADCAST -> publish(trial, redis, RedisStages::broadcast, Metric.BROADCAST_CPU);
      case STREAM -> publish(trial, redis, RedisStages::append, Metric.STREAM_CPU);
      case HOLD_REDIS -> LoadStages.hold(trial, Metric.HOLD_REDIS);
      default -> throw new IllegalArgumentException("without a Redis: " + stage);
    }
  }

  private static void publish(
      Trial trial, RedisServer redis, IntFunction<String> command, Metric metric)
      throws IOException, InterruptedException {
    int events = trial.pace.warm() / 2;
    trial.warm(events, () -> publish(trial, redis, command, WARM_TURN));
    Measured measured =
        trial.measure("event from Redis", () -> publish(trial, redis, command, events));
    trial.put(metric, measured.cpu());
  }

  private static long publish(
      Trial trial, RedisServer redis, IntFunction<String> command, int events)
      throws IOException, InterruptedException {
    for (int sent = 0; sent < events; sent += PIPELINED) {
      StringBuilder commands = new StringBuilder();
      for (int i = 0; i < PIPELINED; i++) {
        commands.append(command.apply((int) ((sent + i) * 7_919L % Trial.SESSIONS)));
      }
      redis.send(commands.toString());
      trial.expect(PIPELINED);
    }
    return events;
  }

  /** As Laravel's redis broadcaster does it. */
  private static String broadcast(int number) {
    String message =
        "{\"event\":\"call:rejected\",\"data\":%s,\"socket\":null}"
            .formatted(Emits.data(System.nanoTime()));
    String channel = "laravel_database_private-user." + Tokens.user(number);
    return RedisServer.command("PUBLISH", channel, message);
  }

  /** As README says of the stream. */
  private static String append(int number) {
    String emit =
        "{\"user\":\"%d\",\"event\":\"call:rejected\",\"data\":%s}"
            .formatted(Tokens.user(number), Emits.data(System.nanoTime()));
    return RedisServer.command("XADD", "relay:emit", "MAXLEN", "~", "10000", "*", "emit", emit);
  }
}
