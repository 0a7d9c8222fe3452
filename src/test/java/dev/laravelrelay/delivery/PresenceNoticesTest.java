package dev.laravelrelay.delivery;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.laravelrelay.session.Session;
import dev.laravelrelay.session.SessionRegistry;
import dev.laravelrelay.testing.FakeConnection;
import dev.laravelrelay.testing.ManualClock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PresenceNoticesTest {

  private final List<String> told = new CopyOnWriteArrayList<>();
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final ManualClock clock = new ManualClock(Instant.ofEpochSecond(1));
  private final Webhook webhook =
      new Webhook() {
        @Override
        public void tell(Notice notice) {
          told.add(notice.kind().lowerCase() + " " + notice.lane() + " " + notice.data());
        }

        @Override
        public CompletionStage<Answer> ask(Notice notice) {
          return CompletableFuture.completedStage(new Answer.Nobody());
        }
      };

  @AfterEach
  void stop() {
    timer.shutdownNow();
  }

  private SessionRegistry registry(Duration grace) {
    return new SessionRegistry(new PresenceNotices(webhook, grace, timer, clock));
  }

  private static Session session(String id, String user) {
    return new FakeConnection().session(id, user);
  }

  @Test
  void onlyTheFirstSessionAndTheLastCount() {
    SessionRegistry registry = registry(Duration.ZERO);
    Session phone = session("1.1", "7");
    Session tablet = session("1.2", "7");
    registry.add(phone);
    registry.add(tablet);
    registry.remove(phone);
    assertEquals(
        List.of("user_online user:7 {\"user\":\"7\",\"timestamp\":1000}"), List.copyOf(told));

    clock.advance(Duration.ofSeconds(4));
    registry.remove(tablet);
    Awaitility.await().until(() -> told.size() == 2);
    assertEquals("user_offline user:7 {\"user\":\"7\",\"timestamp\":5000}", told.get(1));
  }

  @Test
  void aReconnectWithinTheGraceIsSilence() {
    SessionRegistry registry = registry(Duration.ofMillis(200));
    Session before = session("1.1", "7");
    registry.add(before);
    for (int i = 0; i < 5; i++) {
      registry.remove(before);
      before = session("2." + i, "7");
      registry.add(before);
    }
    Session other = session("3.1", "8");
    registry.add(other);
    registry.remove(other);
    Awaitility.await().until(() -> told.size() == 3);
    assertEquals("user_offline user:8 {\"user\":\"8\",\"timestamp\":1000}", told.get(2));
  }

  @Test
  void whoHasLeftWhenTheRelayStopsIsAway() {
    PresenceNotices notices = new PresenceNotices(webhook, Duration.ofMinutes(1), timer, clock);
    notices.came("7");
    notices.came("8");
    notices.left("8");
    notices.flush();
    assertEquals(3, told.size());
    assertEquals("user_offline user:8 {\"user\":\"8\",\"timestamp\":1000}", told.get(2));
  }
}
