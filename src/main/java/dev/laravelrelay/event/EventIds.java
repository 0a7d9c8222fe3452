package dev.laravelrelay.event;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.impl.TimeBasedEpochGenerator;
import java.util.Random;
import java.util.random.RandomGenerator;

/**
 * Ids for events that came without one: UUIDv7 (RFC 9562), so that ids of one node sort by age. Not
 * a secret. Safe from any thread.
 */
public final class EventIds {

  private static final TimeBasedEpochGenerator GENERATOR =
      Generators.timeBasedEpochGenerator(Random.from(RandomGenerator.of("L64X128MixRandom")));

  private EventIds() {}

  /** A new one. */
  public static String next() {
    return GENERATOR.generate().toString();
  }
}
