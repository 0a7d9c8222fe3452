package dev.laravelrelay;

import dev.laravelrelay.config.Setting;
import dev.laravelrelay.config.Setting.Section;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Consumer;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgGroupSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.ISetter;
import picocli.CommandLine.Model.OptionSpec;

/** The flags of every {@link Setting}, and {@code --dev}, on a command. */
final class SettingFlags {

  private final Map<Setting, String> given = new EnumMap<>(Setting.class);
  private boolean dev;
  private boolean rehearse;

  /** The command with these flags, and their help in sections. */
  CommandLine commandLine(CommandSpec spec) {
    spec.addOption(
        OptionSpec.builder("--dev")
            .type(boolean.class)
            .description(
                "Development: loopback only, API key dev-key, the token is the user id. Insecure.")
            .setter(setter(value -> dev = (Boolean) value))
            .build());
    for (Section section : Section.values()) {
      ArgGroupSpec.Builder group =
          ArgGroupSpec.builder()
              .validate(false)
              .multiplicity("0..1")
              .heading("%n" + section.title() + "%n");
      Arrays.stream(Setting.values())
          .filter(setting -> setting.section() == section)
          .forEach(setting -> group.addArg(option(setting)));
      spec.addArgGroup(group.build());
    }
    spec.usageMessage()
        .customSynopsis("laravel-relay " + spec.name() + " [--dev] [SETTINGS]")
        .sortOptions(false);
    return new CommandLine(spec);
  }

  /** The hidden flag of {@link Rehearsal}. */
  static OptionSpec rehearse(SettingFlags flags) {
    return OptionSpec.builder("--rehearse")
        .hidden(true)
        .type(boolean.class)
        .setter(setter(value -> flags.rehearse = (Boolean) value))
        .build();
  }

  /** What was given; complete once picocli has read the command line. */
  GivenFlags given() {
    return new GivenFlags(given, dev, rehearse);
  }

  private OptionSpec option(Setting setting) {
    return OptionSpec.builder(setting.flag())
        .type(String.class)
        .paramLabel("<" + setting.kind().placeholder() + ">")
        .description(setting.help(), facts(setting).replace("%", "%%"))
        .setter(setter(value -> remember(setting, value)))
        .build();
  }

  private void remember(Setting setting, Object value) {
    if (value instanceof String text) {
      given.put(setting, text);
    }
  }

  private static String facts(Setting setting) {
    String normal = setting.byDefault(false);
    String inDev = setting.byDefault(true);
    StringBuilder facts = new StringBuilder(setting.variable());
    setting.fileVariable().ifPresent(file -> facts.append(" or ").append(file));
    facts.append(normal.isEmpty() ? "" : ", default " + normal);
    facts.append(inDev.equals(normal) ? "" : ", with --dev " + inDev);
    return facts.toString();
  }

  private static ISetter setter(Consumer<Object> target) {
    return new ISetter() {
      @Override
      public <T> T set(T value) {
        if (value != null) {
          target.accept(value);
        }
        return value;
      }
    };
  }
}
