package dev.laravelrelay.socket;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.laravelrelay.auth.ChannelAuthorizer;
import dev.laravelrelay.delivery.Interest;
import dev.laravelrelay.delivery.MemoryBackplane;
import dev.laravelrelay.delivery.Rosters;
import dev.laravelrelay.session.Session;
import dev.laravelrelay.testing.Deliveries;
import dev.laravelrelay.testing.FakeConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who comes and goes while the other nodes are still to say whom they have. */
class SubscriptionsTest {

  private static final String ROOM = "presence-room";

  private final Deliveries node = new Deliveries();
  private final FakeConnection peer = new FakeConnection();

  /** The questions to the other nodes, oldest first. */
  private final List<CompletableFuture<Map<String, String>>> asked = new ArrayList<>();

  private final Rosters slow =
      new Rosters() {
        @Override
        public CompletionStage<Map<String, String>> elsewhere(String channel) {
          asked.add(new CompletableFuture<>());
          return asked.getLast();
        }

        @Override
        public void serve(Function<String, Map<String, String>> here) {}
      };

  private final Subscriptions subscriptions =
      new Subscriptions(
          node.channels,
          (token, channel, socketId) ->
              CompletableFuture.completedStage(new ChannelAuthorizer.Authorization.Granted("{}")),
          new MemoryBackplane(node.dispatcher, node.held),
          slow,
          Interest.SINGLE_NODE,
          node.dispatcher.backlog(),
          node.metrics);

  @BeforeEach
  void aPeerIsInTheRoom() {
    node.channels.join(ROOM, node.connect(peer, "1.1", "7"), "{}");
  }

  private void answer(int question) {
    asked.get(question).complete(Map.of());
  }

  private List<String> heard() {
    return peer.written.stream()
        .map(frame -> frame.replaceAll(".*presence:(\\w+).*", "$1"))
        .toList();
  }

  @Test
  void whoLeftBeforeHeWasAnnouncedDoesNotJoinBehindIt() {
    Session session = node.connect(new FakeConnection(), "2.2", "42");
    subscriptions.join(session, "token", ROOM);
    subscriptions.leave(session, ROOM);
    answer(1);
    answer(0);
    assertEquals(List.of("leaving"), heard());
  }

  @Test
  void whoseConnectionEndedBeforeHeWasAnnouncedDoesNotJoinBehindIt() {
    Session session = node.connect(new FakeConnection(), "2.2", "42");
    subscriptions.join(session, "token", ROOM);
    session.closed();
    subscriptions.absent(session, true);
    answer(1);
    answer(0);
    assertEquals(List.of("leaving"), heard());
  }

  @Test
  void whoCameAgainBeforeHisLeavingWasAnnouncedDoesNotLeaveBehindIt() {
    Session session = node.connect(new FakeConnection(), "2.2", "42");
    subscriptions.join(session, "token", ROOM);
    answer(0);
    subscriptions.leave(session, ROOM);
    subscriptions.join(session, "token", ROOM);
    answer(2);
    answer(1);
    assertEquals("joining", heard().getLast());
  }
}
