package dev.laravelrelay.socket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.auth.Authenticator.Identity;
import dev.laravelrelay.auth.LoggedOut;
import dev.laravelrelay.testing.LiveRelay;
import dev.laravelrelay.testing.RawWebSocket;
import dev.laravelrelay.testing.RawWebSocket.Frame;
import dev.laravelrelay.testing.SocketConfigs;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** How a plain WebSocket client learns that it is not let in. */
@Timeout(30)
class PlainAdmissionTest {

  private static final String SUBSCRIBE =
      "{\"event\":\"subscribe\",\"data\":{\"channel\":\"news\"},\"é\":\"%s\"}";

  private static List<Frame> answersTo(Identity identity) {
    try (LiveRelay relay =
            new LiveRelay(
                SocketConfigs.calm(), token -> CompletableFuture.completedStage(identity));
        RawWebSocket client = new RawWebSocket(relay.port(), "/ws?token=42")) {
      assertEquals(101, client.handshake().status());
      return client.rest();
    }
  }

  @Test
  void aTokenThatCannotBeCheckedIs1013() {
    List<Frame> answers = answersTo(Identity.Unknown.UNAVAILABLE);

    assertEquals(1, answers.size(), answers::toString);
    assertEquals(1013, answers.getFirst().code());
  }

  @Test
  void aTokenThatIsRefusedIsToldWhyAnd4401() {
    List<Frame> answers = answersTo(Identity.Refused.EXPIRED);

    assertEquals(
        "{\"event\":\"error\",\"data\":{\"message\":\"unauthorized\",\"code\":401,\"reason\":\"expired\"}}",
        answers.getFirst().text());
    assertEquals(4401, answers.get(1).code());
    assertEquals(2, answers.size(), answers::toString);
  }

  /** Admits a client, after whose user was logged out, and refuses his token from then on. */
  private static LiveRelay relayThatLoggedOut(String user) {
    LoggedOut loggedOut = new LoggedOut(Duration.ofMinutes(1));
    loggedOut.add(user);
    Queue<Identity> answers =
        new ConcurrentLinkedQueue<>(List.of(new Identity.Known(user, Long.MAX_VALUE)));
    return new LiveRelay(
        SocketConfigs.calm(),
        token ->
            CompletableFuture.completedStage(
                Objects.requireNonNullElse(answers.poll(), Identity.Refused.EXPIRED)),
        loggedOut);
  }

  @Test
  void whoWasLoggedOutWhileHeWasLetInIsSentAway() {
    try (LiveRelay relay = relayThatLoggedOut("42");
        RawWebSocket client = new RawWebSocket(relay.port(), "/ws?token=42")) {
      assertTrue(client.text().startsWith("{\"event\":\"connected\""));
      assertEquals(4402, client.next().code());
      Awaitility.await().until(() -> relay.node.registry.size() == 0);
    }
    try (LiveRelay relay = relayThatLoggedOut("42");
        RawWebSocket client = relay.admitted("42")) {
      assertEquals(List.of(), client.rest());
      Awaitility.await().until(() -> relay.node.registry.size() == 0);
    }
  }

  /** Padded to this many bytes. */
  private static String subscribe(int bytes) {
    int fixed = SUBSCRIBE.formatted("").getBytes(StandardCharsets.UTF_8).length;
    return SUBSCRIBE.formatted("x".repeat(bytes - fixed));
  }

  static Stream<List<String>> asMuchAsMayBeSaidEarly() {
    int half = SocketConfigs.MAX_MESSAGE / 2;
    return Stream.of(
        List.of(subscribe(half), subscribe(half)),
        Collections.nCopies(PlainConnection.MAX_EARLY_MESSAGES, subscribe(90)));
  }

  @ParameterizedTest(name = "{index}")
  @MethodSource("asMuchAsMayBeSaidEarly")
  void whatIsSaidBeforeTheAdmissionIsHeardAndOneByteMoreIs4002(List<String> messages) {
    CompletableFuture<Identity> identity = new CompletableFuture<>();
    try (LiveRelay relay = new LiveRelay(SocketConfigs.calm(), token -> identity);
        RawWebSocket client = new RawWebSocket(relay.port(), "/ws?token=42");
        RawWebSocket talker = new RawWebSocket(relay.port(), "/ws?token=42")) {
      messages.forEach(client::text);
      messages.forEach(talker::text);
      talker.text("[]");
      List<Frame> answers = talker.rest();
      assertEquals(1, answers.size(), answers::toString);
      assertEquals(4002, answers.getFirst().code());
      assertEquals(1, relay.node.count("relay_connects_refused"));

      client.text("{\"event\":\"ping\"}");
      assertEquals("{\"event\":\"pong\",\"data\":{}}", client.text());
      identity.complete(new Identity.Known("42", Long.MAX_VALUE));
      assertTrue(client.text().startsWith("{\"event\":\"connected\""));
      for (String ignored : messages) {
        assertTrue(client.text().startsWith("{\"event\":\"subscribed\""));
      }
    }
  }
}
