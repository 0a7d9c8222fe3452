package dev.laravelrelay;

import dev.laravelrelay.Main.Terminal;
import dev.laravelrelay.config.Credentials;
import dev.laravelrelay.config.NearestName;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line, by picocli: every command, its help, and what is wrong with its words. */
final class Commands {

  private Commands() {}

  /** Runs the command that the words name; returns its exit code. */
  static int run(Terminal terminal, String... args) {
    CommandLine line = new CommandLine(spec());
    Map<String, Function<Terminal, Object>> commands = commands();
    String first = args.length == 0 ? "" : args[0];
    if (commands.containsKey(first)) {
      commands.keySet().retainAll(Set.of(first));
    }
    commands.forEach((name, command) -> line.addSubcommand(name, command.apply(terminal)));
    line.setOut(writer(terminal.out()))
        .setErr(writer(terminal.err()))
        .setParameterExceptionHandler((wrong, given) -> explain(wrong))
        .setUsageHelpAutoWidth(true);
    if (args.length == 0) {
      line.usage(terminal.err());
      return Main.WRONG_USE;
    }
    return line.execute(args);
  }

  private static CommandSpec spec() {
    CommandSpec spec =
        spec(
            new Commands(),
            "laravel-relay",
            "Pushes Laravel's events to Android phones, and tells Laravel what became of them.");
    spec.usageMessage()
        .synopsisSubcommandLabel("COMMAND")
        .footer("", "COMMAND --help tells more; serve --help lists every setting.");
    return spec;
  }

  /**
   * A command with {@code --help} and {@code --version}. Without picocli's annotations, which are
   * slow to read.
   */
  static CommandSpec spec(Object command, String name, String... description) {
    CommandSpec spec =
        CommandSpec.wrapWithoutInspection(command)
            .name(name)
            .versionProvider(new Version())
            .addOption(
                OptionSpec.builder("-h", "--help")
                    .usageHelp(true)
                    .description("Show this help message and exit.")
                    .build())
            .addOption(
                OptionSpec.builder("-V", "--version")
                    .versionHelp(true)
                    .description("Print version information and exit.")
                    .build());
    spec.usageMessage().description(description);
    return spec;
  }

  /**
   * In the order in which the help lists them. To make one takes time: one is made if it can be.
   */
  private static Map<String, Function<Terminal, Object>> commands() {
    Map<String, Function<Terminal, Object>> commands = new LinkedHashMap<>();
    commands.put("serve", ServeCommand::commandLine);
    commands.put("check", CheckCommand::commandLine);
    commands.put("token", TokenCommand::new);
    commands.put("emit", EmitCommand::new);
    commands.put("listen", ListenCommand::new);
    return commands;
  }

  private static int explain(ParameterException wrong) {
    CommandLine line = wrong.getCommandLine();
    String sentence = firstLine(String.valueOf(wrong.getMessage()));
    if (wrong instanceof UnmatchedArgumentException unmatched) {
      sentence = unmatched(line, unmatched);
    }
    boolean ended = sentence.endsWith(".") || sentence.endsWith("?");
    line.getErr()
        .println(
            "%s%s Try: %s --help"
                .formatted(sentence, ended ? "" : ".", line.getCommandSpec().qualifiedName()));
    return Main.WRONG_USE;
  }

  private static String unmatched(CommandLine line, UnmatchedArgumentException wrong) {
    // without its value, which may be a secret
    String given = Credentials.masked(wrong.getUnmatched().getFirst().split("=", 2)[0]);
    boolean flag = wrong.isUnknownOption();
    Set<String> known =
        flag ? line.getCommandSpec().optionsMap().keySet() : line.getSubcommands().keySet();
    return "There is no %s %s%s"
        .formatted(
            flag ? "flag" : "command",
            given,
            NearestName.of(given, known).map(it -> "; did you mean " + it + "?").orElse(""));
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse(text).replaceFirst("^Error: ", "");
  }

  private static PrintWriter writer(PrintStream stream) {
    return new PrintWriter(stream, true, stream.charset());
  }

  /** What {@code --version} prints. */
  static final class Version implements IVersionProvider {

    @Override
    public String[] getVersion() {
      return new String[] {"Laravel Relay " + Main.version()};
    }
  }
}
