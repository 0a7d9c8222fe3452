package dev.laravelrelay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The relay as a process of its own: what it prints, and how it ends. */
@Timeout(60)
class ServeCommandTest {

  private final List<Process> started = new ArrayList<>();

  @AfterEach
  void endWhatIsLeft() {
    started.forEach(Process::destroyForcibly);
  }

  @Test
  void itSaysWhereItListensAndSigtermEndsItWithZero() throws Exception {
    Process relay = start();
    List<String> lines = new ArrayList<>();
    BufferedReader output = relay.inputReader();
    String line;
    while ((line = output.readLine()) != null) {
      lines.add(line);
      if (line.contains("curl ")) {
        break;
      }
    }

    relay.toHandle().destroy();

    assertTrue(relay.waitFor(30, TimeUnit.SECONDS));
    assertEquals(0, relay.exitValue());
    output.lines().forEach(lines::add);
    String all = String.join("\n", lines);
    assertTrue(lines.size() < 10, all);
    assertTrue(all.contains(" listen --token 42 --url ws://127.0.0.1:" + port(all, "sockets")));
    assertTrue(all.contains("curl -sS http://127.0.0.1:" + port(all, "API") + "/api/emit"), all);
    assertTrue(all.contains("Bearer dev-key"), all);
  }

  @Test
  void inJsonEveryLineIsAnObject() throws Exception {
    Process relay = start("--log", "json");
    BufferedReader output = relay.inputReader();
    String first = output.readLine();

    relay.toHandle().destroy();

    assertTrue(relay.waitFor(30, TimeUnit.SECONDS));
    assertEquals(0, relay.exitValue());
    List<String> lines = new ArrayList<>(List.of(first));
    output.lines().forEach(lines::add);
    assertTrue(
        lines.stream().allMatch(it -> it.startsWith("{\"@timestamp\"") && it.endsWith("}")),
        lines::toString);
  }

  private Process start(String... more) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx128m",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    command.addAll(List.of("serve", "--dev", "--port", "0", "--api-port", "0", "--drain", "1s"));
    command.addAll(List.of(more));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.startsWith("RELAY_"));
    builder.environment().remove("JAVA_TOOL_OPTIONS");
    Process process = builder.start();
    started.add(process);
    return process;
  }

  private static String port(String text, String door) {
    Matcher matcher = Pattern.compile(door + " +http://127\\.0\\.0\\.1:([1-9]\\d*)/").matcher(text);
    assertTrue(matcher.find(), text);
    return matcher.group(1);
  }
}
