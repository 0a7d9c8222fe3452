package dev.laravelrelay.config;

import java.util.List;

/** What became of reading the settings. */
public sealed interface Parsed {

  /**
   * All is well.
   *
   * @param used every setting as it is in force, in the order of {@link Setting}
   */
  record Valid(RelayConfig config, List<Used> used) implements Parsed {}

  /**
   * The relay must not start.
   *
   * @param problems all of them, each a sentence that names the variable; never a secret's value
   */
  record Invalid(List<String> problems) implements Parsed {}
}
