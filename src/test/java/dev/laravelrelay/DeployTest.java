package dev.laravelrelay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.config.ConfigReader;
import dev.laravelrelay.config.Parsed;
import dev.laravelrelay.config.RelayConfig;
import dev.laravelrelay.config.Setting;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds what stands in deploy/ against the settings. */
class DeployTest {

  private static final Path DEPLOY = Path.of("deploy");
  private static final Duration DRAIN = defaults().drain();

  @Test
  void everySettingThatIsNamedExists() throws IOException {
    TreeSet<String> known =
        Arrays.stream(Setting.values())
            .flatMap(it -> Stream.concat(Stream.of(it.variable()), it.fileVariable().stream()))
            .collect(Collectors.toCollection(TreeSet::new));
    TreeSet<String> named = new TreeSet<>();
    try (Stream<Path> files = Files.walk(DEPLOY)) {
      files
          .filter(Files::isRegularFile)
          .forEach(file -> named.addAll(all("RELAY_[A-Z][A-Z_]*", read(file))));
    }

    assertFalse(named.isEmpty());
    named.removeAll(known);
    assertTrue(named.isEmpty(), named::toString);
  }

  @Test
  void stopTimeOutsAreLongerThanAStop() {
    Duration stop = DRAIN.plus(StopOnSignal.MARGIN);
    for (Map.Entry<String, String> place :
        Map.of(
                "compose/compose.yaml", "stop_grace_period: (\\d+)s",
                "systemd/laravel-relay.service", "TimeoutStopSec=(\\d+)s")
            .entrySet()) {
      List<String> found = all(place.getValue(), read(DEPLOY.resolve(place.getKey())));
      assertEquals(1, found.size(), place::toString);
      assertTrue(Duration.ofSeconds(Long.parseLong(found.getFirst())).compareTo(stop) > 0);
    }
  }

  @Test
  void drainsThatAreSetAreTheDefault() {
    for (String file : List.of("compose/compose.yaml", "systemd/relay.env")) {
      assertEquals(
          List.of(DRAIN.toSeconds() + "s"),
          all("RELAY_DRAIN[:=] ?(\\w+)", read(DEPLOY.resolve(file))),
          file);
    }
  }

  @Test
  void nginxWaitsLongerThanAHeartbeatAndShowsThePublicDoorOnly() {
    String site = read(DEPLOY.resolve("nginx/laravel-relay.conf"));
    String directives = site.replaceAll("(?m)#.*$", "");
    Duration heartbeat = defaults().socket().pingInterval().plus(defaults().socket().pingTimeout());

    for (String directive : List.of("proxy_read_timeout", "proxy_send_timeout")) {
      List<String> found = all(directive + " +(\\d+)s;", directives);
      assertEquals(1, found.size(), directive);
      assertTrue(
          Duration.ofSeconds(Long.parseLong(found.getFirst())).compareTo(heartbeat) > 0, directive);
    }
    assertTrue(directives.contains("127.0.0.1:" + defaults().socket().port()));
    assertFalse(directives.contains(Integer.toString(defaults().api().port())));
    assertFalse(directives.contains("/api/"));
  }

  @Test
  void haproxyWaitsLongerThanAHeartbeatAndShowsThePublicDoorOnly() {
    String directives =
        read(DEPLOY.resolve("haproxy/laravel-relay.cfg")).replaceAll("(?m)^ *#.*$", "");
    Duration heartbeat = defaults().socket().pingInterval().plus(defaults().socket().pingTimeout());

    for (String name : List.of("client", "server", "tunnel")) {
      List<String> found = all("timeout " + name + " +(\\d+)s", directives);
      assertEquals(1, found.size(), name);
      assertTrue(
          Duration.ofSeconds(Long.parseLong(found.getFirst())).compareTo(heartbeat) > 0, name);
    }
    assertTrue(directives.contains("127.0.0.1:" + defaults().socket().port()));
    assertFalse(directives.contains(Integer.toString(defaults().api().port())));
    assertFalse(directives.contains("/api/"));
  }

  @Test
  void everyPlaceRunsTheSameJvmFlags() {
    String make = read(Path.of("Makefile"));
    String unit = read(DEPLOY.resolve("systemd/laravel-relay.service"));
    read(DEPLOY.resolve("docker/jvm.options"))
        .lines()
        .filter(flag -> !flag.contains("MaxRAMPercentage"))
        .forEach(
            flag -> {
              assertTrue(make.contains(flag), flag);
              assertTrue(unit.contains(flag), flag);
            });
  }

  private static RelayConfig defaults() {
    return switch (ConfigReader.read(Map.of(), Map.of(), true)) {
      case Parsed.Valid valid -> valid.config();
      case Parsed.Invalid invalid -> throw new IllegalStateException(invalid.toString());
    };
  }

  private static List<String> all(String pattern, String text) {
    return Pattern.compile(pattern)
        .matcher(text)
        .results()
        .map((MatchResult it) -> it.groupCount() > 0 ? it.group(1) : it.group())
        .toList();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
