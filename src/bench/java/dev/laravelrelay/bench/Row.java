package dev.laravelrelay.bench;

import static dev.laravelrelay.bench.Part.ANY;
import static dev.laravelrelay.bench.Part.atLeast;
import static dev.laravelrelay.bench.Part.atMost;

import java.util.List;

/**
 * One line of the table of targets. Its last part is the one that stands for it where only one
 * number has room.
 */
record Row(String name, List<Part> parts) {

  private static final String NONE = "";

  static final List<Row> ALL =
      List.of(
          row("live heap per idle session", atMost(Metric.HEAP_PER_SESSION, NONE, 2.0, ANY)),
          row("RSS per idle session", atMost(Metric.RSS_PER_SESSION, NONE, 4, 1 / 3.0)),
          row(
              "server CPU per emit, saturated, 10,000 sessions",
              atMost(Metric.EMIT_CPU, NONE, 38, 1 / 1.9)),
          row("emits per second, closed loop of 32", atLeast(Metric.EMIT_RATE, NONE, ANY, 2.2)),
          row("server CPU per event in batches of 100", atMost(Metric.BATCH_CPU, NONE, 12, ANY)),
          row(
              "server CPU per event from the Redis stream, and from Laravel's broadcast",
              atMost(Metric.STREAM_CPU, "stream", 18, ANY),
              atMost(Metric.BROADCAST_CPU, "broadcast", 18, ANY)),
          row(
              "emit to arrival at 2,000/s, open loop",
              atMost(Metric.P50_AT_2000, "p50", 0.25, ANY),
              atMost(Metric.P99_AT_2000, "p99", 3, 1)),
          row("emit to arrival at 10,000/s, p99", atMost(Metric.P99_AT_10000, NONE, 8, 1 / 10.0)),
          row(
              "server CPU per delivery, fan-out to 10,000",
              atMost(Metric.DELIVERY_CPU, NONE, 8.5, 1 / 2.0)),
          row("time to the last of 10,000", atMost(Metric.LAST_OF_10000, NONE, 60, 1 / 2.5)),
          row(
              "emit with confirm to receipt at 500/s",
              atMost(Metric.CONFIRM_P50, "p50", 0.6, ANY),
              atMost(Metric.CONFIRM_P99, "p99", 5, ANY)),
          row(
              "cost of hold on top of an emit",
              atMost(Metric.HOLD_REDIS, "Redis", 40, ANY),
              atMost(Metric.HOLD_MEMORY, "memory", 5, ANY)),
          row("accepts per second, warm, with a JWT", atLeast(Metric.ACCEPT_RATE, NONE, 6_000, 2)),
          row("CPU at rest with 19,000 sessions", atMost(Metric.REST, NONE, 2.5, 1 / 2.0)),
          row("start to ready, AOT cache", atMost(Metric.START, NONE, 450, ANY)),
          row(
              "polling session: CPU per event, and emit to arrival",
              atMost(Metric.POLLING_CPU, "CPU", ANY, 1),
              atMost(Metric.POLLING_P50, "p50", ANY, 1)));

  /** Whether cost grows straight. */
  static final List<Row> GROWTH =
      List.of(
          row(
              "CPU per delivery, 19,000 sessions ÷ 1,000",
              atMost(Metric.GROWTH_SESSIONS, NONE, 1.15, ANY)),
          row(
              "a user's next session, from 10 to 100 ÷ from 1 to 10",
              atMost(Metric.GROWTH_USER, NONE, 1.15, ANY)),
          row(
              "heap left behind 1 million users that came and went",
              atMost(Metric.GROWTH_CHURN, NONE, 1_024, ANY)),
          row(
              "the others' p99 beside a slow reader among 10,000",
              atMost(Metric.GROWTH_SLOW, NONE, 1.1, ANY)));

  private static Row row(String name, Part... parts) {
    return new Row(name, List.of(parts));
  }

  /** The part that stands for the row. */
  Part main() {
    return parts.getLast();
  }
}
