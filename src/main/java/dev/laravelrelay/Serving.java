package dev.laravelrelay;

import dev.laravelrelay.Main.Terminal;
import dev.laravelrelay.app.RelayApp;
import dev.laravelrelay.config.LogConfig;
import dev.laravelrelay.config.Parsed;
import dev.laravelrelay.config.RelayConfig;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** A relay until SIGTERM or Ctrl-C, which drain it and exit with 0. */
final class Serving {

  private final Terminal terminal;
  private final GivenFlags given;

  private Serving(Terminal terminal, GivenFlags given) {
    this.terminal = terminal;
    this.given = given;
  }

  /** Returns the exit code when the relay has stopped, or could not start. */
  static int run(Terminal terminal, GivenFlags given) {
    // no pattern switch: the first one costs 20 ms of the start
    Parsed parsed = given.read(terminal.environment());
    return parsed instanceof Parsed.Valid valid
        ? new Serving(terminal, given).serve(valid.config())
        : CheckCommand.tell(terminal, (Parsed.Invalid) parsed);
  }

  /** A signal that comes while the relay starts ends the process in the same orderly way. */
  private int serve(RelayConfig config) {
    Logging.apply(config.log());
    AtomicReference<@Nullable RelayApp> started = new AtomicReference<>();
    try (StopOnSignal _ = StopOnSignal.install(() -> close(started.get()), config.drain());
        RelayApp app = RelayApp.start(config)) {
      started.set(app);
      greet(config, app);
      if (given.rehearse()) {
        Rehearsal.run(config.auth(), app.socketPort(), app.apiPort());
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
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
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
      LoggerFactory.getLogger(Serving.class)
          .info("listening: sockets on {}, API on {}", app.socketPort(), app.apiPort());
    } else {
      Greeting.lines(config, app.socketPort(), app.apiPort()).forEach(terminal.out()::println);
      terminal.out().flush();
    }
  }
}
