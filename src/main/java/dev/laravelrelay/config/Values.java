package dev.laravelrelay.config;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * The settings' texts as values. What cannot be read, or is out of its range, becomes a problem and
 * some value in its place, so that one reading finds every problem.
 */
final class Values {

  private static final Pattern URL = Pattern.compile("https?://.+");
  private static final Pattern ORIGIN =
      Pattern.compile("\\*|https?://[A-Za-z0-9.\\[\\]:-]+|[a-z][a-z0-9+.-]*://[A-Za-z0-9.-]*");
  private static final Pattern EVENT = Pattern.compile("[^*\\p{Cntrl}]{1,199}\\*?");
  private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e]+");

  private final RawSettings raw;
  private final List<String> problems;

  Values(RawSettings raw) {
    this.raw = raw;
    this.problems = raw.problems();
  }

  boolean isSet(Setting setting) {
    return raw.text(setting).isPresent();
  }

  String text(Setting setting) {
    return raw.of(setting).value();
  }

  Optional<String> optional(Setting setting) {
    return raw.text(setting);
  }

  int number(Setting setting) {
    return (int) ranged(setting, Quantity.number(text(setting)));
  }

  int size(Setting setting) {
    return (int) longSize(setting);
  }

  long longSize(Setting setting) {
    return ranged(setting, Quantity.bytes(text(setting)));
  }

  Duration duration(Setting setting) {
    return Duration.ofMillis(ranged(setting, Quantity.millis(text(setting))));
  }

  /** Whole seconds, written with a unit or as a plain number. */
  int seconds(Setting setting) {
    String text = text(setting);
    boolean plain = !text.isEmpty() && Character.isDigit(text.charAt(text.length() - 1));
    long millis = ranged(setting, Quantity.millis(plain ? text + "s" : text));
    if (millis % 1_000 != 0) {
      problem(setting, "must be whole seconds, like 30s");
    }
    return (int) (millis / 1_000);
  }

  <E extends Enum<E>> Optional<E> choice(Setting setting, Class<E> type) {
    Optional<String> text = raw.text(setting);
    Optional<E> chosen =
        text.flatMap(
            it ->
                Arrays.stream(type.getEnumConstants())
                    .filter(constant -> constant.name().equals(it.toUpperCase(Locale.ROOT)))
                    .findFirst());
    if (text.isPresent() && chosen.isEmpty()) {
      String words =
          String.join(
              ", ",
              Arrays.stream(type.getEnumConstants())
                  .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                  .toList());
      problem(setting, "must be one of " + words);
    }
    return chosen;
  }

  List<String> list(Setting setting) {
    return Arrays.stream(text(setting).split("[,\\n]"))
        .map(String::strip)
        .filter(it -> !it.isEmpty())
        .toList();
  }

  List<String> origins(Setting setting) {
    return each(
        setting, ORIGIN.asMatchPredicate(), "must list origins like https://app.example.com, or *");
  }

  List<String> names(Setting setting) {
    return each(
        setting,
        EVENT.asMatchPredicate(),
        "must list events like chat:typing, or prefixes like chat:*");
  }

  List<String> networks(Setting setting) {
    return each(
        setting, Values::isNetwork, "must list IP addresses and CIDR blocks like 10.0.0.0/8");
  }

  List<Secret> secrets(Setting setting, int minLength) {
    List<String> keys = list(setting);
    if (keys.stream().anyMatch(key -> key.length() < minLength)) {
      problem(setting, "must have at least " + minLength + " characters in each key");
    }
    if (!keys.stream().allMatch(KEY.asMatchPredicate())) {
      problem(setting, "must have only printable ASCII characters, and no blanks, in its keys");
    }
    return keys.stream().map(Secret::new).toList();
  }

  Optional<Secret> secret(Setting setting, int minLength) {
    Optional<String> text = raw.text(setting);
    if (text.filter(it -> it.length() < minLength).isPresent()) {
      problem(setting, "must have at least " + minLength + " characters");
    }
    return text.map(Secret::new);
  }

  Optional<URI> url(Setting setting) {
    Optional<URI> url =
        raw.text(setting).filter(URL.asMatchPredicate()).flatMap(Values::uriWithHost);
    if (isSet(setting) && url.isEmpty()) {
      problem(setting, "must be a URL like https://laravel.example.com");
    }
    return url;
  }

  /** A URL to which the relay brings a credential of its own, or none. */
  Optional<URI> plainUrl(Setting setting) {
    Optional<URI> url = url(setting);
    if (url.flatMap(Credentials::of).isPresent()) {
      problem(setting, "must be without a user and a password");
    }
    return url;
  }

  Optional<Secret> redisUrl(Setting setting) {
    Optional<String> text = raw.text(setting);
    if (text.filter(it -> !it.matches("rediss?(-sentinel|-cluster)?://.+")).isPresent()) {
      problem(setting, "must be a URL like redis://user:password@redis.example.com:6379/0");
    }
    return text.map(Secret::new);
  }

  String path(Setting setting) {
    String path = text(setting);
    if (!path.matches("/[\\x21-\\x7e]*")) {
      problem(setting, "must be a path that begins with /");
    }
    return path;
  }

  String address(Setting setting, boolean loopbackOnly) {
    String address = text(setting);
    Optional<InetAddress> literal = literal(address);
    boolean localhost = address.equalsIgnoreCase("localhost");
    if (literal.isEmpty() && !localhost) {
      problem(setting, "must be an IP address or localhost");
    } else if (loopbackOnly && !localhost && !literal.orElseThrow().isLoopbackAddress()) {
      problem(setting, "must be a loopback address like 127.0.0.1 with --dev, which is insecure");
    }
    return address;
  }

  /** Notes what is wrong with a setting; the value is told unless it is a secret. */
  void problem(Setting setting, String rule) {
    String name =
        raw.of(setting).source() == Used.Source.FLAG
            ? "%s (%s)".formatted(setting.flag(), setting.variable())
            : setting.variable();
    String value = text(setting);
    boolean tell = !setting.isSecret() && !value.isEmpty() && value.length() <= 100;
    String shown = setting.kind() == Setting.Kind.URL ? Credentials.masked(value) : value;
    problems.add(name + " " + rule + (tell ? "; it is \"" + shown + "\"." : "."));
  }

  /** Notes a problem of several settings. */
  void problem(String sentence) {
    problems.add(sentence);
  }

  private List<String> each(Setting setting, Predicate<String> rule, String sentence) {
    List<String> list = list(setting);
    if (!list.stream().allMatch(rule)) {
      problem(setting, sentence);
    }
    return list;
  }

  private long ranged(Setting setting, OptionalLong value) {
    long found = value.orElse(-1);
    if (value.isPresent() && found >= setting.min() && found <= setting.max()) {
      return found;
    }
    problem(setting, setting.range());
    return setting.min();
  }

  static Optional<URI> uriWithHost(String text) {
    try {
      return Optional.of(new URI(text)).filter(uri -> uri.getHost() != null);
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }

  private static boolean isNetwork(String text) {
    int slash = text.indexOf('/');
    Optional<InetAddress> address = literal(slash < 0 ? text : text.substring(0, slash));
    if (address.isEmpty() || slash < 0) {
      return address.isPresent();
    }
    OptionalLong bits = Quantity.number(text.substring(slash + 1));
    return bits.isPresent() && bits.getAsLong() <= address.get().getAddress().length * 8L;
  }

  private static Optional<InetAddress> literal(String text) {
    try {
      return Optional.of(InetAddress.ofLiteral(text));
    } catch (IllegalArgumentException notAnAddress) {
      return Optional.empty();
    }
  }
}
