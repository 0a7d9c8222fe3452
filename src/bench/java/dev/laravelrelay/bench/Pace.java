package dev.laravelrelay.bench;

/**
 * How long things take: the whole benchmark, or the quick one.
 *
 * @param warm emits before the first figure
 * @param warmSeconds how long at most to wait before a figure for compilers that are still at work
 * @param quietSeconds how long at most to wait before a stage for the machine to be quiet
 * @param repeats how often at most a figure is measured again because the server was compiling
 * @param load seconds of load behind each figure
 * @param rest seconds of rest; one interval of the default heartbeat, so that each client is
 *     pinged; 0 leaves it out
 * @param broadcasts how many are averaged
 * @param idle how many sessions there are at most while memory is measured
 * @param accepts how often all clients are let in anew
 * @param churn users that come and go
 */
record Pace(
    int rounds,
    int warm,
    double warmSeconds,
    double quietSeconds,
    int repeats,
    double load,
    double rest,
    int broadcasts,
    int idle,
    int accepts,
    int churn) {

  static final Pace WHOLE = new Pace(3, 300_000, 40, 15, 2, 5, 25, 15, Tokens.USERS, 2, 1_000_000);
  static final Pace QUICK = new Pace(1, 50_000, 0, 0, 0, 1, 0, 5, Trial.SESSIONS, 1, 20_000);

  /** With so many rounds; 0 leaves them as they are. */
  Pace withRounds(int other) {
    return other == 0
        ? this
        : new Pace(
            other,
            warm,
            warmSeconds,
            quietSeconds,
            repeats,
            load,
            rest,
            broadcasts,
            idle,
            accepts,
            churn);
  }
}
