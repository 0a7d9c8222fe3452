package dev.laravelrelay;

import dev.laravelrelay.Main.Terminal;
import dev.laravelrelay.config.Parsed;
import dev.laravelrelay.config.Used;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** {@code check}: what {@code serve} would start with, or everything that would stop it. */
final class CheckCommand implements Callable<Integer> {

  private final Terminal terminal;
  private final SettingFlags flags;

  private CheckCommand(Terminal terminal, SettingFlags flags) {
    this.terminal = terminal;
    this.flags = flags;
  }

  static CommandLine commandLine(Terminal terminal) {
    SettingFlags flags = new SettingFlags();
    return flags.commandLine(
        Commands.spec(
            new CheckCommand(terminal, flags),
            "check",
            "Reads the settings and tells all that is wrong, or what serve would use."));
  }

  @Override
  public Integer call() {
    return switch (flags.given().read(terminal.environment())) {
      case Parsed.Invalid invalid -> tell(terminal, invalid);
      case Parsed.Valid valid -> {
        terminal.out().println("ok");
        valid.used().forEach(this::show);
        yield 0;
      }
    };
  }

  /** Prints what is wrong, a line each. */
  static int tell(Terminal terminal, Parsed.Invalid invalid) {
    List<String> problems = invalid.problems();
    problems.forEach(terminal.err()::println);
    return Main.WRONG_USE;
  }

  private void show(Used used) {
    String source = used.value().isEmpty() ? "not set" : used.source().word();
    terminal.out().printf("  %-26s %-26s %s%n", used.setting().variable(), used.value(), source);
  }
}
