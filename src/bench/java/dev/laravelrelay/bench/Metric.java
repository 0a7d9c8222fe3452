package dev.laravelrelay.bench;

/** What is measured of each server. */
enum Metric {
  HEAP_PER_SESSION("KB"),
  RSS_PER_SESSION("KB"),
  REST("% of a core"),
  EMIT_CPU("µs"),
  EMIT_RATE("/s"),
  P50_AT_2000("ms"),
  P99_AT_2000("ms"),
  P99_AT_10000("ms"),
  DELIVERY_CPU("µs"),
  LAST_OF_10000("ms"),
  CONFIRM_P50("ms"),
  CONFIRM_P99("ms"),
  BATCH_CPU("µs"),
  BROADCAST_CPU("µs"),
  STREAM_CPU("µs"),
  HOLD_MEMORY("µs"),
  HOLD_REDIS("µs"),
  ACCEPT_RATE("/s"),
  START("ms"),
  POLLING_P50("ms"),
  POLLING_CPU("µs"),
  GROWTH_SESSIONS("×"),
  GROWTH_USER("×"),
  GROWTH_CHURN("KB"),
  GROWTH_SLOW("×");

  final String unit;

  Metric(String unit) {
    this.unit = unit;
  }
}
