package dev.laravelrelay;

import java.io.PrintStream;
import java.util.Map;
import java.util.Optional;

/**
 * The entry. Exit codes: 0 done; 1 not done, as each command says; 2 a wrong flag, command or
 * setting, or a port in use, told in one sentence.
 */
public final class Main {

  static final int WRONG_USE = 2;

  private Main() {}

  /** Runs one command and exits with its code. */
  public static void main(String[] args) {
    int code = run(new Terminal(System.out, System.err, System.getenv()), args);
    Logging.flush();
    System.out.flush();
    System.exit(code);
  }

  /** Runs one command; returns its exit code. */
  static int run(Terminal terminal, String... args) {
    Optional<GivenFlags> given = GivenFlags.plain(args);
    return given.isPresent() ? Serving.run(terminal, given.get()) : Commands.run(terminal, args);
  }

  /** The version, as the jar's manifest has it. */
  static String version() {
    return Optional.ofNullable(Main.class.getPackage().getImplementationVersion())
        .orElse("(not packaged)");
  }

  /** Where a command reads and writes. */
  record Terminal(PrintStream out, PrintStream err, Map<String, String> environment) {}
}
