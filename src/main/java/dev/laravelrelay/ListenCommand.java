package dev.laravelrelay;

import dev.laravelrelay.Main.Terminal;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code listen}: a client that prints each event on a line and comes back when the connection is
 * lost, until Ctrl-C or until the relay refuses the token.
 */
@Command(
    name = "listen",
    description = "Is a client of a running relay, and prints each event: time, name, data.",
    sortOptions = false,
    mixinStandardHelpOptions = true,
    versionProvider = Commands.Version.class)
final class ListenCommand implements Callable<Integer> {

  private static final long FIRST_PAUSE = 1;
  private static final long LONGEST_PAUSE = 8;

  private final Terminal terminal;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private volatile @Nullable PlainClient client;

  @Option(
      names = "--token",
      paramLabel = "<token>",
      required = true,
      description = "Who you are; with serve --dev the user's id.")
  private String token = "";

  @Option(
      names = "--url",
      paramLabel = "<url>",
      defaultValue = "ws://127.0.0.1:6001/ws",
      description = "The relay's public door, default ${DEFAULT-VALUE}.")
  private URI url = URI.create("");

  @Option(names = "--channel", paramLabel = "<name>", description = "Subscribes to it; repeatable.")
  private List<String> channels = List.of();

  ListenCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    if (url.getHost() == null || !String.valueOf(url.getScheme()).matches("wss?")) {
      terminal.err().println("--url must be a URL like ws://127.0.0.1:6001/ws.");
      return Main.WRONG_USE;
    }
    try (StopOnSignal _ = StopOnSignal.install(this::stop, Duration.ZERO)) {
      return listen();
    }
  }

  private int listen() throws InterruptedException {
    long pause = FIRST_PAUSE;
    while (true) {
      PlainClient current = new PlainClient(url, token, channels, terminal);
      client = current;
      PlainClient.Ending ending = current.awaitEnding();
      if (ending.refused()) {
        terminal.err().println("The relay refused: " + ending.reason() + ".");
        return 1;
      }
      pause = ending.wasOpen() ? FIRST_PAUSE : pause;
      if (stopped.getCount() > 0) {
        terminal.err().printf("%s; again in %d s%n", ending.reason(), pause);
      }
      if (stopped.await(pause, TimeUnit.SECONDS)) {
        return 0;
      }
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  }

  /** Leaves; safe from any thread. */
  private void stop() throws InterruptedException {
    stopped.countDown();
    PlainClient current = client;
    if (current != null) {
      current.closeBlocking();
    }
  }
}
