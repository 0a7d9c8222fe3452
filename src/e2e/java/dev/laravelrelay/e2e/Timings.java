package dev.laravelrelay.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.LongStream;

/** Times that a run prints, and keeps in {@code target/e2e/timings.txt}. */
final class Timings {

  private static final Path FILE = Path.of("target", "e2e", "timings.txt");

  private final String what;
  private final LongStream.Builder micros = LongStream.builder();
  private long[] sorted = {};

  Timings(String what) {
    this.what = what;
  }

  void add(long micros) {
    this.micros.add(micros);
  }

  /** Says median, 95th and 99th percentile; nothing can be added from then on. */
  void print() {
    sorted = micros.build().sorted().toArray();
    say(
        String.format(
            Locale.ROOT,
            "%s: median %.1f ms, p95 %.1f ms, p99 %.1f ms (%d runs)",
            what,
            percentile(sorted, 50) / 1000.0,
            percentile(sorted, 95) / 1000.0,
            percentile(sorted, 99) / 1000.0,
            sorted.length));
  }

  /** What was printed, in milliseconds. */
  double millis(int percent) {
    return percentile(sorted, percent) / 1000.0;
  }

  /** Says anything else. */
  static void print(String line) {
    say(line);
  }

  /** Says a single time. */
  static void print(String what, long nanos) {
    say(String.format(Locale.ROOT, "%s: %.1f ms", what, nanos / 1e6));
  }

  /** Says a number. */
  static void count(String what, long number) {
    say(what + ": " + number);
  }

  private static void say(String line) {
    System.out.println(line);
    try {
      Files.createDirectories(FILE.getParent());
      Files.writeString(FILE, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The smallest value that at least {@code percent} of all do not exceed. */
  static long percentile(long[] sorted, int percent) {
    int rank = (int) Math.ceil(sorted.length * percent / 100.0);
    return Arrays.stream(sorted).skip(Math.max(rank, 1) - 1L).findFirst().orElseThrow();
  }
}
