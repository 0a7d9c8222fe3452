package dev.laravelrelay.e2e;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.json.JsonMapper;

/** The commands of README.md, run as they stand there, with this JVM's Java first in the PATH. */
@Timeout(240)
class ReadmeCommandsE2E {

  private static final Map<String, String> ENVIRONMENT =
      Map.of(
          "PATH",
          Path.of(System.getProperty("java.home"), "bin") + ":" + System.getenv("PATH"),
          "HOME",
          System.getProperty("user.home"));

  @Test
  void aListenerHearsTheEmit() throws IOException {
    assumeFalse(isOpen(6001) || isOpen(6002), "another relay is on the default ports");
    Map<String, String> blocks = ReadmeBlocks.of(Files.readString(Path.of("README.md")));
    try (ChildProcess relay = sh(blocks, "run")) {
      await("make run to listen")
          .atMost(Duration.ofSeconds(180))
          .until(() -> isOpen(6001) && isOpen(6002) || !relay.isAlive());
      assertTrue(relay.isAlive(), relay::log);
      try (ChildProcess listener = sh(blocks, "listen")) {
        await("an emit to be sent")
            .atMost(Duration.ofSeconds(30))
            .until(() -> verdict(blocks).equals("sent"));
        await("the listener to print it")
            .atMost(Duration.ofSeconds(10))
            .until(() -> listener.log().contains("c-667"));
      }
    }
  }

  private static String verdict(Map<String, String> blocks) {
    try (ChildProcess emit = sh(blocks, "emit")) {
      assertEquals(0, emit.awaitExit(Duration.ofSeconds(20)), emit::log);
      return JsonMapper.shared().readTree(emit.log()).path("verdict").asString();
    }
  }

  private static ChildProcess sh(Map<String, String> blocks, String name) {
    String script = blocks.get(name);
    if (script == null) {
      throw new IllegalStateException("README.md marks no block as " + name);
    }
    return ChildProcess.start(
        "readme-" + name, Path.of("."), ENVIRONMENT, List.of("bash", "-euc", script));
  }

  private static boolean isOpen(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException refused) {
      return false;
    }
  }
}
