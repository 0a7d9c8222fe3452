package dev.laravelrelay.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Where each setting's text comes from: the flag, else the variable or the file that a secret's
 * {@code _FILE} variable names, else the default. A blank value is as good as none. Whatever begins
 * with {@code RELAY_} and is not known is a problem.
 */
final class RawSettings {

  private static final String FOR_TESTS = "RELAY_TEST_";

  private final Map<Setting, Used> used = new EnumMap<>(Setting.class);
  private final List<String> problems = new ArrayList<>();

  RawSettings(Map<String, String> environment, Map<Setting, String> flags, boolean dev) {
    refuseUnknown(environment);
    for (Setting setting : Setting.values()) {
      used.put(setting, resolve(setting, environment, flags, dev));
    }
  }

  /** The text of a setting, if it has one; not masked. */
  Optional<String> text(Setting setting) {
    return Optional.of(of(setting).value()).filter(value -> !value.isEmpty());
  }

  /** Where a setting's text came from; its value is not masked. */
  Used of(Setting setting) {
    Used found = used.get(setting);
    if (found == null) {
      throw new IllegalStateException(setting + " was not read");
    }
    return found;
  }

  List<String> problems() {
    return problems;
  }

  private Used resolve(
      Setting setting, Map<String, String> environment, Map<Setting, String> flags, boolean dev) {
    String flag = flags.getOrDefault(setting, "").strip();
    if (!flag.isEmpty()) {
      return new Used(setting, flag, Used.Source.FLAG);
    }
    String variable = environment.getOrDefault(setting.variable(), "").strip();
    String file =
        setting.fileVariable().map(name -> environment.getOrDefault(name, "").strip()).orElse("");
    if (!variable.isEmpty() && !file.isEmpty()) {
      problems.add(
          "%1$s and %1$s_FILE are both set; set one of them.".formatted(setting.variable()));
    }
    if (!variable.isEmpty()) {
      return new Used(setting, variable, Used.Source.ENVIRONMENT);
    }
    if (!file.isEmpty()) {
      return new Used(setting, contentOf(setting, file), Used.Source.FILE);
    }
    return new Used(setting, setting.byDefault(dev), Used.Source.DEFAULT);
  }

  private String contentOf(Setting setting, String file) {
    try {
      String content = Files.readString(Path.of(file)).strip();
      if (content.isEmpty()) {
        problems.add("%s_FILE names %s, which is empty.".formatted(setting.variable(), file));
      }
      return content;
    } catch (IOException | InvalidPathException e) {
      problems.add("%s_FILE names %s, which cannot be read.".formatted(setting.variable(), file));
      return "";
    }
  }

  private void refuseUnknown(Map<String, String> environment) {
    List<String> known =
        Arrays.stream(Setting.values())
            .flatMap(it -> Stream.concat(Stream.of(it.variable()), it.fileVariable().stream()))
            .toList();
    for (String name : new TreeSet<>(environment.keySet())) {
      if (name.startsWith(Setting.PREFIX) && !name.startsWith(FOR_TESTS) && !known.contains(name)) {
        problems.add(unknown(name, known));
      }
    }
  }

  private static String unknown(String name, List<String> known) {
    if (name.matches("RELAY_(SERVICE|PORT)_.*")) {
      return name
          + " is unknown; if Kubernetes made it of a service named relay, set"
          + " enableServiceLinks: false in the pod.";
    }
    return NearestName.of(name, known)
        .map(nearest -> name + " is unknown; did you mean " + nearest + "?")
        .orElse(name + " is unknown; --help lists every setting.");
  }
}
