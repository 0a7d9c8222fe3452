package dev.laravelrelay;

import dev.laravelrelay.auth.JwtAuthenticator;
import dev.laravelrelay.config.ConfigReader;
import dev.laravelrelay.config.Parsed;
import dev.laravelrelay.config.Setting;
import dev.laravelrelay.redis.RedisClients;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the command line gives to {@code serve} and {@code check}.
 *
 * @param rehearse whether {@code serve} ends by itself, see {@link Rehearsal}
 */
record GivenFlags(Map<Setting, String> settings, boolean dev, boolean rehearse) {

  /**
   * Reads {@code serve} and its flags where they are written plainly, each with its value behind
   * it. Beside picocli for the sake of the start: picocli is compiled for Java 5, whose classes no
   * AOT cache keeps, and takes a fourth of the CPU until the relay is ready.
   *
   * @return empty for all else, and for all that is wrong: picocli knows what to say
   */
  static Optional<GivenFlags> plain(String... args) {
    if (args.length == 0 || !args[0].equals("serve")) {
      return Optional.empty();
    }
    Map<String, Setting> known = new HashMap<>();
    for (Setting setting : Setting.values()) {
      known.put(setting.flag(), setting);
    }
    Map<Setting, String> settings = new EnumMap<>(Setting.class);
    boolean dev = false;
    boolean rehearse = false;
    Iterator<String> words = List.of(args).subList(1, args.length).iterator();
    while (words.hasNext()) {
      String flag = words.next();
      Setting setting = known.get(flag);
      if (setting != null) {
        String value = words.hasNext() ? words.next() : "";
        if (!isPlain(value) || settings.put(setting, value) != null) {
          return Optional.empty();
        }
      } else if (flag.equals("--dev")) {
        dev = true;
      } else if (flag.equals("--rehearse")) {
        rehearse = true;
      } else {
        return Optional.empty();
      }
    }
    return Optional.of(new GivenFlags(settings, dev, rehearse));
  }

  private static boolean isPlain(String value) {
    return !value.isEmpty() && !value.startsWith("-") && !value.startsWith("@");
  }

  /** The settings of these flags and the environment, with keys and certificates tried on. */
  Parsed read(Map<String, String> environment) {
    Parsed parsed = ConfigReader.read(environment, settings, dev);
    if (!(parsed instanceof Parsed.Valid valid)) {
      return parsed;
    }
    List<String> problems =
        Stream.of(
                JwtAuthenticator.publicKeyProblem(valid.config().auth()),
                RedisClients.problem(valid.config().redis()))
            .flatMap(Optional::stream)
            .toList();
    return problems.isEmpty() ? parsed : new Parsed.Invalid(problems);
  }
}
