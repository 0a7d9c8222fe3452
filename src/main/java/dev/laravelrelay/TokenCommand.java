package dev.laravelrelay;

import dev.laravelrelay.Main.Terminal;
import dev.laravelrelay.auth.JwtIssuer;
import dev.laravelrelay.config.ConfigReader;
import dev.laravelrelay.config.Secret;
import dev.laravelrelay.config.Setting;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code token}: a JWT to try a relay with. The secret is taken from the environment or a file, not
 * from a flag: flags show in the process list.
 */
@Command(
    name = "token",
    description = {
      "Prints a JWT (HS256) for a user, as Laravel would sign it.",
      "The secret is read from RELAY_JWT_SECRET or the file that RELAY_JWT_SECRET_FILE names."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Commands.Version.class)
final class TokenCommand implements Callable<Integer> {

  private final Terminal terminal;

  @Parameters(paramLabel = "USER", description = "The user's id, as Laravel knows it.")
  private String user = "";

  @Option(
      names = "--minutes",
      paramLabel = "<n>",
      defaultValue = "60",
      description = "How long it is valid, default ${DEFAULT-VALUE}.")
  private int minutes;

  TokenCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    List<Secret> secrets = ConfigReader.secrets(Setting.JWT_SECRET, terminal.environment(), false);
    if (secrets.isEmpty()) {
      terminal.err().println("RELAY_JWT_SECRET is missing; it is Laravel's JWT_SECRET.");
      return Main.WRONG_USE;
    }
    if (minutes < 1) {
      terminal.err().println("--minutes must be at least 1.");
      return Main.WRONG_USE;
    }
    try {
      Duration validFor = Duration.ofMinutes(minutes);
      terminal.out().println(JwtIssuer.issue(secrets.getFirst(), user, validFor, Instant.now()));
      return 0;
    } catch (IllegalArgumentException tooShort) {
      terminal.err().println("RELAY_JWT_SECRET must have at least 32 characters.");
      return Main.WRONG_USE;
    }
  }
}
