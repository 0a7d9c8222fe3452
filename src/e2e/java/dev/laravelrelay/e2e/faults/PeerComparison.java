package dev.laravelrelay.e2e.faults;

import dev.laravelrelay.e2e.ChildProcess;
import dev.laravelrelay.e2e.faults.FaultRun.Settings;
import dev.laravelrelay.testing.FreePorts;
import dev.laravelrelay.testing.StockClient;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/**
 * What npm's socket.io loses under the faults of {@link HeldEventsE2E}. No part of the test run: it
 * tests no code of ours. By hand:
 *
 * <pre>
 * npm install --prefix target/e2e/peers socket.io@4.8
 * mvn -Pe2e verify -Dtest=PeerComparison
 * </pre>
 */
class PeerComparison {

  private static final Settings SETTINGS =
      new Settings(200, 50, Duration.ofSeconds(60), 0, Duration.ofSeconds(15));

  @Test
  void byDefault() throws Exception {
    run("socket.io", Map.of(), phone -> {});
  }

  @Test
  void withRecoveryAndTheStockClientThatDoesNotKnowIt() throws Exception {
    run("socket.io with recovery", Map.of("RECOVERY", "1"), phone -> {});
  }

  @Test
  void withRecoveryAndClientsThatAskForIt() throws Exception {
    run("socket.io with recovery, clients resume", Map.of("RECOVERY", "1"), StockClient::resumable);
  }

  private static void run(
      String title, Map<String, String> variables, Consumer<StockClient> prepare)
      throws InterruptedException {
    int port = FreePorts.next();
    int apiPort = FreePorts.next();
    Map<String, String> environment = new HashMap<>(variables);
    environment.put("PORT", Integer.toString(port));
    environment.put("PORT_API", Integer.toString(apiPort));
    try (ChildProcess peer =
        ChildProcess.start(
            "socketio", Path.of("."), environment, List.of("node", "src/e2e/peers/socketio.mjs"))) {
      URI api = URI.create("http://127.0.0.1:" + apiPort);
      Awaitility.await(peer.log()).until(() -> answers(api));
      System.out.println(new FaultRun(SETTINGS, prepare).run(port, api, "none").text(title));
    }
  }

  private static boolean answers(URI api) {
    try (var in = api.resolve("/health/ready").toURL().openStream()) {
      return in.read() == 'o';
    } catch (IOException notYet) {
      return false;
    }
  }
}
