package dev.laravelrelay.e2e;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * npm's {@code socket.io-client} in a Node process ({@code src/e2e/js/phone.cjs}): commands go in
 * and what it hears comes out, one JSON object a line.
 */
final class NodePhone implements Phone {

  private static final JsonMapper JSON =
      JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES).build();
  private static final Path SCRIPT = Path.of("src", "e2e", "js", "phone.cjs");
  private static final Path MODULES = Path.of("target", "e2e", "js", "node_modules");

  private final ChildProcess child;
  private final BufferedWriter commands;
  private final CopyOnWriteArrayList<Heard> heard = new CopyOnWriteArrayList<>();
  private final Map<Integer, CompletableFuture<String>> asked = new ConcurrentHashMap<>();
  private final AtomicInteger asks = new AtomicInteger();
  private volatile State state = new State(false, "", "", false);

  private record State(boolean connected, String id, String transport, boolean recovered) {}

  private record Line(
      State state,
      @Nullable String event,
      List<String> args,
      List<String> types,
      long epochMicros,
      int ask,
      @Nullable String answer) {}

  NodePhone(String url, List<String> transports, Map<String, String> auth, List<String> events) {
    String options =
        JSON.writeValueAsString(
            Map.of("url", url, "transports", transports, "auth", auth, "events", events));
    child =
        ChildProcess.startPiped(
            "node-phone",
            Path.of("."),
            Map.of("NODE_PATH", MODULES.toAbsolutePath().toString()),
            List.of("node", SCRIPT.toString(), options));
    commands = child.process().outputWriter();
    Thread.ofVirtual().name("node-phone").start(this::read);
  }

  private void read() {
    try (BufferedReader lines = child.process().inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        Line said = JSON.readValue(line, Line.class);
        state = said.state();
        if (said.event() != null) {
          heard.add(
              new Heard(
                  said.event(), said.args(), said.types(), System.nanoTime(), said.epochMicros()));
        }
        if (said.answer() != null) {
          asked.remove(said.ask()).complete(said.answer());
        }
      }
    } catch (IOException closed) {
      state = new State(false, "", "", false);
    }
  }

  private synchronized void command(Map<String, ?> command) {
    try {
      commands.write(JSON.writeValueAsString(command));
      commands.newLine();
      commands.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(child.log(), e);
    }
  }

  @Override
  public void connect() {
    command(Map.of("connect", true));
  }

  /** {@code socket.recovered}: whether the last connect resumed. */
  boolean recovered() {
    return state.recovered();
  }

  @Override
  public boolean connected() {
    return state.connected();
  }

  @Override
  public String id() {
    return state.id();
  }

  @Override
  public String transport() {
    return state.transport();
  }

  @Override
  public List<Heard> heard() {
    return List.copyOf(heard);
  }

  @Override
  public void tell(String event, String json) {
    command(Map.of("tell", true, "event", event, "data", json));
  }

  @Override
  public CompletableFuture<String> ask(String event, String json) {
    int number = asks.incrementAndGet();
    CompletableFuture<String> answer = new CompletableFuture<>();
    asked.put(number, answer);
    command(Map.of("ask", number, "event", event, "data", json));
    return answer;
  }

  @Override
  public void close() {
    child.close();
  }
}
