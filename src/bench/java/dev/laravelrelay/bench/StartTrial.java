package dev.laravelrelay.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** From the start of the process to the first "ready", with an AOT cache as the image has it. */
final class StartTrial {

  private static final Path CACHE = Path.of("target", "bench", "relay.aot");
  private static final int STARTS = 5;

  private StartTrial() {}

  /** Makes the cache as the image does: a rehearsal teaches it. */
  static void train(List<String> flags) throws IOException, InterruptedException {
    Files.deleteIfExists(CACHE);
    List<String> more = new ArrayList<>(flags);
    more.add("-XX:AOTCacheOutput=" + CACHE);
    List<String> command = new ArrayList<>(Contender.relay(more, Map.of()).command());
    command = command.subList(0, command.indexOf("serve"));
    command.addAll(List.of("serve", "--dev", "--rehearse", "--port", "0", "--api-port", "0"));
    command.addAll(List.of("--auth", "jwt", "--jwt-secret", Tokens.SECRET));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.redirectErrorStream(true).redirectOutput(Path.of("target/bench/aot.log").toFile());
    builder.start().waitFor();
  }

  /** The median of a few starts. */
  static void run(List<String> flags, Results results) throws InterruptedException {
    try {
      results.add(Contender.RELAY, Metric.START, millis(flags));
    } catch (IOException e) {
      results.failed(Contender.RELAY, Stage.START, e);
    }
  }

  private static double millis(List<String> flags) throws IOException, InterruptedException {
    List<String> more = new ArrayList<>(flags);
    more.add("-XX:AOTCache=" + CACHE);
    List<Double> millis = new ArrayList<>();
    for (int i = 0; i < STARTS; i++) {
      ServerProcess server = Contender.relay(more, Map.of()).start();
      millis.add(server.readyMillis);
      server.stop();
    }
    Collections.sort(millis);
    return millis.get(STARTS / 2);
  }
}
