package dev.laravelrelay.socket;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.laravelrelay.auth.Authenticator.Identity;
import dev.laravelrelay.testing.LiveRelay;
import dev.laravelrelay.testing.RawWebSocket;
import dev.laravelrelay.testing.RawWebSocket.Frame;
import dev.laravelrelay.testing.SocketConfigs;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a plain WebSocket client learns that it is not let in. */
@Timeout(30)
class PlainAdmissionTest {

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
}
