package dev.laravelrelay;

import dev.laravelrelay.Main.Terminal;
import dev.laravelrelay.app.RelayApp;
import dev.laravelrelay.config.LogConfig;
import dev.laravelrelay.config.Parsed;
import dev.laravelrelay.config.RelayConfig;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** {@code serve}: a relay until SIGTERM or Ctrl-C, which drain it and exit with 0. */
final class ServeCommand implements Callable<Integer> {

  private final Terminal terminal;
  private final SettingFlags flags;
  private boolean rehearses;

  private ServeCommand(Terminal terminal, SettingFlags flags) {
    this.terminal = terminal;
    this.flags = flags;
  }

  static CommandLine commandLine(Terminal terminal) {
    SettingFlags flags = new SettingFlags();
    ServeCommand command = new ServeCommand(terminal, flags);
    CommandSpec spec =
        Main.spec(
            command,
            "serve",
            "Serves until SIGTERM or Ctrl-C. Each setting is a flag or a RELAY_* variable; flags win.",
            "Durations are written 500ms, 25s, 2m; sizes 64k, 1m; lists with commas.",
            "Flags show in the process list: give secrets as variables or files.");
    spec.addOption(
        OptionSpec.builder("--rehearse")
            .hidden(true)
            .type(boolean.class)
            .setter(SettingFlags.setter(value -> command.rehearses = (Boolean) value))
            .build());
    return flags.commandLine(spec);
  }

  @Override
  public Integer call() throws InterruptedException {
    return switch (CheckCommand.read(terminal, flags)) {
      case Parsed.Invalid invalid -> CheckCommand.tell(terminal, invalid);
      case Parsed.Valid valid -> serve(valid.config());
    };
  }

  /** A signal that comes while the relay starts ends the process in the same orderly way. */
  private int serve(RelayConfig config) throws InterruptedException {
    Logging.apply(config.log());
    AtomicReference<@Nullable RelayApp> started = new AtomicReference<>();
    try (StopOnSignal _ = StopOnSignal.install(() -> close(started.get()), config.drain());
        RelayApp app = RelayApp.start(config)) {
      started.set(app);
      greet(config, app);
      if (rehearses) {
        Rehearsal.run(app.socketPort(), app.apiPort());
      } else {
        app.awaitStop();
      }
      return 0;
    } catch (RelayApp.StartException e) {
      terminal.err().println(e.getMessage());
      return Main.WRONG_USE;
    } catch (IOException e) {
      terminal.err().println("The rehearsal failed: " + e.getMessage());
      return 1;
    }
  }

  private static void close(@Nullable RelayApp app) {
    if (app != null) {
      app.close();
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
