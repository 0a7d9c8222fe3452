package dev.laravelrelay;

import dev.laravelrelay.Main.Terminal;
import dev.laravelrelay.app.RelayApp;
import dev.laravelrelay.config.LogConfig;
import dev.laravelrelay.config.Parsed;
import dev.laravelrelay.config.RelayConfig;
import java.util.concurrent.Callable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code serve}: a relay until SIGTERM or Ctrl-C, which drain it and exit with 0. */
@Command(
    name = "serve",
    description = {
      "Serves until SIGTERM or Ctrl-C. Each setting is a flag or a RELAY_* variable; flags win.",
      "Durations are written 500ms, 25s, 2m; sizes 64k, 1m; lists with commas.",
      "Flags show in the process list: give secrets as variables or files."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class)
final class ServeCommand implements Callable<Integer> {

  private final Terminal terminal;
  private final SettingFlags flags;

  private ServeCommand(Terminal terminal, SettingFlags flags) {
    this.terminal = terminal;
    this.flags = flags;
  }

  static CommandLine commandLine(Terminal terminal) {
    SettingFlags flags = new SettingFlags();
    return flags.commandLine(new ServeCommand(terminal, flags));
  }

  @Override
  public Integer call() throws InterruptedException {
    return switch (flags.read(terminal.environment())) {
      case Parsed.Invalid invalid -> CheckCommand.tell(terminal, invalid);
      case Parsed.Valid valid -> serve(valid.config());
    };
  }

  private int serve(RelayConfig config) throws InterruptedException {
    Logging.apply(config.log());
    RelayApp app;
    try {
      app = RelayApp.start(config);
    } catch (RelayApp.StartException e) {
      terminal.err().println(e.getMessage());
      return Main.WRONG_USE;
    }
    try (app;
        StopOnSignal _ = StopOnSignal.install(app::close, config.drain())) {
      greet(config, app);
      app.awaitStop();
      return 0;
    }
  }

  private void greet(RelayConfig config, RelayApp app) {
    if (config.log().format() == LogConfig.Format.JSON) {
      LoggerFactory.getLogger(ServeCommand.class)
          .info("listening: sockets on {}, API on {}", app.socketPort(), app.apiPort());
    } else {
      Greeting.lines(config, app.socketPort(), app.apiPort()).forEach(terminal.out()::println);
      terminal.out().flush();
    }
  }
}
