package dev.laravelrelay;

import dev.laravelrelay.Main.Terminal;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** {@code serve} as picocli knows it: its flags, its help and what is wrong with them. */
final class ServeCommand implements Callable<Integer> {

  private final Terminal terminal;
  private final SettingFlags flags;

  private ServeCommand(Terminal terminal, SettingFlags flags) {
    this.terminal = terminal;
    this.flags = flags;
  }

  static CommandLine commandLine(Terminal terminal) {
    SettingFlags flags = new SettingFlags();
    CommandSpec spec =
        Commands.spec(
            new ServeCommand(terminal, flags),
            "serve",
            "Serves until SIGTERM or Ctrl-C. Each setting is a flag or a RELAY_* variable; flags win.",
            "Durations are written 500ms, 25s, 2m; sizes 64k, 1m; lists with commas.",
            "Flags show in the process list: give secrets as variables or files.");
    spec.addOption(SettingFlags.rehearse(flags));
    return flags.commandLine(spec);
  }

  @Override
  public Integer call() {
    return Serving.run(terminal, flags.given());
  }
}
