package dev.laravelrelay;

import dev.laravelrelay.config.RelayConfig;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What {@code serve} says first: where it listens, and two commands to paste. */
final class Greeting {

  private Greeting() {}

  /** Fewer than ten lines; no key but {@code dev-key} is shown. */
  static List<String> lines(RelayConfig config, int socketPort, int apiPort) {
    String sockets = host(config.socket().bind()) + ":" + socketPort;
    String api = host(config.api().bind()) + ":" + apiPort;
    String key = config.dev() ? "dev-key" : "$KEY";
    String token = config.dev() ? "42" : "$TOKEN";
    String url = socketPort == 6001 ? "" : " --url ws://" + sockets + "/ws";
    return List.of(
        "Laravel Relay %s%s"
            .formatted(Main.version(), config.dev() ? ", for development only" : ""),
        "  sockets  http://%1$s/socket.io/  ws://%1$s/ws".formatted(sockets),
        "  API      http://%s/api/emit".formatted(api),
        "Be a client, in another terminal:",
        "  %s -jar %s listen --token %s%s".formatted(java(), jar(), token, url),
        "Send it an event, as Laravel does:",
        "  curl -sS http://%s/api/emit -H \"Authorization: Bearer %s\"".formatted(api, key)
            + " -H 'Content-Type: application/json' -d '{\"user\":42,\"event\":\"call:rejected\","
            + "\"data\":{\"callId\":\"c-667\",\"reason\":\"User declined\"}}'");
  }

  private static String host(String bind) {
    return switch (bind) {
      case "0.0.0.0", "::" -> "127.0.0.1";
      default -> bind.contains(":") ? "[" + bind + "]" : bind;
    };
  }

  /** {@code java}, if the shell would find the one that runs this; else its path. */
  private static String java() {
    Path running = Path.of(System.getProperty("java.home"), "bin", "java");
    String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
    Optional<Path> found =
        Pattern.compile(Pattern.quote(File.pathSeparator))
            .splitAsStream(path)
            .map(directory -> Path.of(directory, "java"))
            .filter(Files::isExecutable)
            .findFirst();
    return found.filter(java -> isSame(java, running)).isPresent() ? "java" : running.toString();
  }

  private static String jar() {
    try {
      Path self = Path.of(Main.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      Path here = Path.of("").toAbsolutePath();
      Path jar = Stream.of(self).filter(Files::isRegularFile).findFirst().orElse(here);
      return jar.equals(here)
          ? "target/laravel-relay.jar"
          : jar.startsWith(here) ? here.relativize(jar).toString() : jar.toString();
    } catch (URISyntaxException e) {
      return "target/laravel-relay.jar";
    }
  }

  private static boolean isSame(Path one, Path other) {
    try {
      return Files.isSameFile(one, other);
    } catch (IOException e) {
      return false;
    }
  }
}
