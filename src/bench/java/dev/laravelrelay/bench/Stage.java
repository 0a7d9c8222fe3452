package dev.laravelrelay.bench;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** What is measured one after the other; {@code --only=emit,batch} picks some. */
enum Stage {
  FLOOR,
  START,
  BROADCAST,
  STREAM,
  HOLD_REDIS,
  MEMORY,
  EMIT,
  OPEN_2000,
  FAN_OUT,
  BATCH,
  CONFIRM,
  HOLD,
  OPEN_10000,
  ACCEPT,
  POLLING,
  REST,
  GROWTH;

  /** Those of a relay beside a Redis. */
  static final Set<Stage> OVER_REDIS = EnumSet.of(BROADCAST, STREAM, HOLD_REDIS);

  /** Those of one server under its clients, in memory. */
  static final Set<Stage> IN_MEMORY = EnumSet.range(MEMORY, REST);

  /** Those that only the relay has. */
  static final Set<Stage> RELAYS_OWN = EnumSet.of(BATCH, CONFIRM, HOLD);

  static Set<Stage> named(String list) {
    Set<Stage> named = EnumSet.noneOf(Stage.class);
    for (String name : list.split(",")) {
      named.add(valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_')));
    }
    return named;
  }

  /** Those of both. */
  static Set<Stage> both(Set<Stage> some, Set<Stage> others) {
    Set<Stage> both = EnumSet.noneOf(Stage.class);
    both.addAll(some);
    both.retainAll(others);
    return both;
  }
}
