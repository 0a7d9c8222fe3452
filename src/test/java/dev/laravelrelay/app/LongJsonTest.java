package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.RawHttp;
import dev.laravelrelay.testing.RawWebSocket;
import dev.laravelrelay.testing.TestRelay;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a client sends besides what the relay reads may be as long as the message. */
@Timeout(60)
class LongJsonTest {

  private static TestRelay relay;

  @BeforeAll
  static void start() {
    relay = TestRelay.start();
  }

  @AfterAll
  static void stop() {
    relay.close();
  }

  static Stream<String> members() {
    return Stream.of(
        "\"n\":" + "1".repeat(1_001),
        "\"n\":0." + "1".repeat(500_000),
        "\"" + "x".repeat(50_001) + "\":1");
  }

  @ParameterizedTest(name = "{index}")
  @MethodSource("members")
  void anObjectIsReadWhateverElseIsInItOverSocketIo(String member) {
    try (RawWebSocket client =
        new RawWebSocket(relay.socketPort(), "/socket.io/?EIO=4&transport=websocket")) {
      client.text();
      client.text("40{\"token\":\"7\",%s}".formatted(member));
      assertStarts("40{\"sid\":", client.text());
      client.text("42[\"subscribe\",{\"channel\":\"news\",%s}]".formatted(member));
      assertStarts("42[\"subscribed\",{\"channel\":\"news\"", client.text());
      client.text("42[\"unsubscribe\",{\"channel\":\"news\",%s}]".formatted(member));
      assertStarts("42[\"unsubscribed\",{\"channel\":\"news\"", client.text());
      client.text("42[\"auth\",{\"token\":\"7\",%s}]".formatted(member));
      assertStarts("42[\"auth_renewed\",", client.text());
    }
  }

  @ParameterizedTest(name = "{index}")
  @MethodSource("members")
  void aPostThatHoldsOneIsAnswered(String member) {
    try (RawHttp http = new RawHttp(relay.socketPort())) {
      String uri = "/socket.io/?EIO=4&transport=polling";
      String sid =
          http.request("GET", uri, "").body().replaceAll(".*\"sid\":\"([^\"]+)\".*", "&sid=$1");
      assertEquals(
          "ok", http.request("POST", uri + sid, "40{\"token\":\"7\"," + member + "}").body());
      assertStarts("40{\"sid\":", http.request("GET", uri + sid, "").body());
    }
  }

  @ParameterizedTest(name = "{index}")
  @MethodSource("members")
  void anObjectIsReadWhateverElseIsInItOnPlainWebSocket(String member) {
    try (RawWebSocket client = new RawWebSocket(relay.socketPort(), "/ws?token=7")) {
      assertStarts("{\"event\":\"connected\"", client.text());
      client.text("{\"event\":\"auth\",\"data\":{\"token\":\"7\",%s}}".formatted(member));
      assertStarts("{\"event\":\"auth_renewed\"", client.text());
    }
  }

  private static void assertStarts(String start, String text) {
    assertTrue(text.startsWith(start), () -> text.substring(0, Math.min(200, text.length())));
  }
}
