package dev.laravelrelay.bench;

/**
 * How long things take: the whole benchmark, or the quick one.
 *
 * @param warm emits before the first figure
 * @param load seconds of load behind each figure
 * @param rest seconds of rest; one interval of the default heartbeat, so that each client is
 *     pinged; 0 leaves it out
 * @param broadcasts how many are averaged
 */
record Pace(int rounds, int warm, double load, double rest, int broadcasts) {

  static final Pace WHOLE = new Pace(3, 300_000, 8, 25, 15);
  static final Pace QUICK = new Pace(1, 150_000, 2, 0, 5);

  /** With so many rounds; 0 leaves them as they are. */
  Pace withRounds(int other) {
    return other == 0 ? this : new Pace(other, warm, load, rest, broadcasts);
  }
}
