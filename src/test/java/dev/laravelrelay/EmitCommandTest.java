package dev.laravelrelay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(30)
class EmitCommandTest {

  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
  private volatile int status = 200;
  private volatile String reply = "{\"verdict\":\"sent\",\"delivered\":true}";
  private HttpServer relay;

  @BeforeEach
  void startRelay() throws IOException {
    relay = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    relay.createContext(
        "/api/emit",
        exchange -> {
          heard.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
          heard.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
          byte[] body = reply.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    relay.start();
  }

  @AfterEach
  void stopRelay() {
    relay.stop(0);
  }

  @Test
  void sendsWhatTheFlagsSayWithDataAsItStands() {
    CapturedRun run =
        emit(
            "--user",
            "42",
            "--event",
            "call:rejected",
            "--data",
            "{\"b\":1.0,\"a\":[]}",
            "--hold",
            "30",
            "--confirm",
            "1500",
            "--collapse-key",
            "k");

    assertEquals(0, run.code(), run.err());
    assertEquals(reply, run.out().strip());
    assertEquals("Bearer dev-key", heard.poll());
    assertEquals(
        "{\"user\":\"42\",\"event\":\"call:rejected\",\"data\":{\"b\":1.0,\"a\":[]},"
            + "\"hold\":30,\"confirm\":1500,\"collapse_key\":\"k\"}",
        heard.poll());
  }

  @Test
  void usersAreAList() {
    emit("--users", "1,2", "--event", "x");

    heard.poll();
    assertEquals("{\"users\":[\"1\",\"2\"],\"event\":\"x\",\"data\":{}}", heard.poll());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "200|{\"verdict\":\"confirmed\",\"delivered\":true}|0",
        "200|{\"verdict\":\"held\",\"delivered\":false}|0",
        "200|{\"verdict\":\"offline\",\"delivered\":false}|1",
        "401|{\"message\":\"Unauthenticated.\"}|1",
        "200|what|1",
      })
  void theExitCodeTellsWhetherItArrives(int answered, String body, int code) {
    status = answered;
    reply = body;

    CapturedRun run = emit("--user", "42", "--event", "x");

    assertEquals(code, run.code());
    assertEquals(body, run.out().strip());
  }

  @Test
  void theFirstConfiguredKeyIsUsed() {
    CapturedRun.of(
        Map.of("RELAY_API_KEYS", "one,two"), "emit", "--user", "1", "--event", "x", "--url", url());

    assertEquals("Bearer one", heard.poll());
  }

  @Test
  void noRelayIsOneSentence() {
    String url = url();
    relay.stop(0);

    CapturedRun run =
        CapturedRun.of(Map.of(), "emit", "--dev", "--user", "1", "--event", "x", "--url", url);

    assertEquals(1, run.code());
    assertEquals("No relay answers at " + url + ".", run.err().strip());
    assertTrue(run.out().isEmpty());
  }

  private CapturedRun emit(String... flags) {
    List<String> args = new ArrayList<>(List.of("emit", "--dev", "--url", url()));
    args.addAll(Arrays.asList(flags));
    return CapturedRun.of(Map.of(), args.toArray(String[]::new));
  }

  private String url() {
    return "http://127.0.0.1:" + relay.getAddress().getPort();
  }
}
