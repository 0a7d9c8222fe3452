package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.DroppingProxy;
import dev.laravelrelay.testing.DroppingProxy.Drop;
import dev.laravelrelay.testing.RawClient;
import dev.laravelrelay.testing.TestRedis;
import dev.laravelrelay.testing.TestRelay;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** Clients take up on one node where they were cut off from the other. */
@Timeout(90)
class ResumeOnAnotherNodeIT {

  private static TestRedis redis;
  private static TestRelay a;
  private static TestRelay b;

  @BeforeAll
  static void start() {
    redis = TestRedis.start();
    a = TestRelay.start(redis, "resume:");
    b = TestRelay.start(redis, "resume:");
  }

  @AfterAll
  static void stop() {
    a.close();
    b.close();
    redis.close();
  }

  @Test
  void whatWasMissedIsReplayedUnderTheSameSidThereAndBack() {
    RawClient first = RawClient.socketIo(a.socketUrl(), Map.of("token", "js", "resume", true));
    emit("js", 1, 3, "");
    String offset = offset(first, 3);
    first.close();
    awaitOffline("js");
    emit("js", 4, 6, "");

    RawClient second = resuming(b, "js", first, offset);
    emit("js", 7, 8, "");
    assertEquals(List.of(4, 5, 6, 7, 8), second.awaitNumbers("ring", 5));
    assertEquals(first.connected().get("sid"), second.connected().get("sid"));
    offset = offset(second, 5);
    second.close();
    emit("js", 9, 10, "");

    try (RawClient third = resuming(a, "js", first, offset)) {
      assertEquals(List.of(9, 10), third.awaitNumbers("ring", 2));
      assertEquals(first.connected().get("sid"), third.connected().get("sid"));
    }
  }

  @Test
  void itResumesWhileTheOldConnectionIsStillHalfOpen() {
    try (DroppingProxy network = new DroppingProxy(a.socketPort())) {
      RawClient first = RawClient.socketIo(network.url(), Map.of("token", "half", "resume", true));
      emit("half", 1, 2, ",\"hold\":30");
      String offset = offset(first, 2);
      network.drop(Drop.SILENCE);
      emit("half", 3, 4, ",\"hold\":30");
      emit("half", 5, 5, "");

      try (RawClient second = resuming(b, "half", first, offset)) {
        assertEquals(List.of(3, 4, 5), second.awaitNumbers("ring", 3));
        emit("half", 6, 6, ",\"hold\":30");
        assertEquals(List.of(3, 4, 5, 6), second.awaitNumbers("ring", 4));
        Awaitility.await().until(() -> sessions("half") == 1);
        Awaitility.await()
            .until(() -> TestRelay.json(a.get("/api/users/half/held")).get("events").isEmpty());
      }
    }
  }

  @Test
  void nothingIsLostOrDoubledUnderAStreamOfEvents() {
    int count = 400;
    RawClient client = RawClient.socketIo(a.socketUrl(), Map.of("token", "hop", "resume", true));
    CompletableFuture<Void> emitting = CompletableFuture.runAsync(() -> emit("hop", 1, count, ""));
    List<Integer> heard = new ArrayList<>();
    for (int hop = 0; heard.size() < count; hop++) {
      client.awaitNumbers("ring", 1);
      client.close();
      List<JsonNode> events = client.events("ring");
      events.forEach(event -> heard.add(event.get(1).get("n").asInt()));
      if (heard.size() < count) {
        RawClient before = client;
        String offset = offset(before, events.size());
        client = resuming(hop % 2 == 0 ? b : a, "hop", before, offset);
        assertEquals(before.connected().get("sid"), client.connected().get("sid"));
      }
    }
    assertEquals(IntStream.rangeClosed(1, count).boxed().toList(), heard);
    emitting.join();
  }

  @Test
  void aSessionThatNobodyHasIsANewOne() {
    Map<String, ?> auth = Map.of("token", "gone", "pid", "of-a-dead-node", "offset", "an-event");
    try (RawClient client = RawClient.socketIo(b.socketUrl(), auth)) {
      assertNotEquals("of-a-dead-node", client.connected().get("pid").asString());
      emit("gone", 1, 1, "");
      assertEquals(List.of(1), client.awaitNumbers("ring", 1));
    }
  }

  @Test
  void nobodyElseCanResumeIt() {
    RawClient first = RawClient.socketIo(a.socketUrl(), Map.of("token", "mine", "resume", true));
    emit("mine", 1, 1, "");
    String offset = offset(first, 1);
    try (RawClient thief = resuming(b, "thief", first, offset)) {
      assertNotEquals(first.connected().get("sid"), thief.connected().get("sid"));
    }
    first.close();
  }

  @Test
  void aPlainClientResumesAfterTheIdOfItsLastEvent() {
    String last;
    try (RawClient first = RawClient.plain(a.socketUrl(), "token=ws")) {
      emit("ws", 1, 2, "");
      first.awaitNumbers("ring", 2);
      last = first.messages("ring").getLast().get("id").asString();
    }
    awaitOffline("ws");
    emit("ws", 3, 4, ",\"hold\":30");

    try (RawClient second = RawClient.plain(b.socketUrl(), "token=ws&after=" + last)) {
      assertTrue(second.plainConnected().get("resumed").asBoolean());
      assertEquals(List.of(3, 4), second.awaitNumbers("ring", 2));
      emit("ws", 5, 5, "");
      assertEquals(List.of(3, 4, 5), second.awaitNumbers("ring", 3));
      Awaitility.await()
          .until(() -> TestRelay.json(a.get("/api/users/ws/held")).get("events").isEmpty());
    }
    try (RawClient third = RawClient.plain(b.socketUrl(), "token=ws&after=long-ago")) {
      assertFalse(third.plainConnected().get("resumed").asBoolean());
    }
  }

  private static RawClient resuming(TestRelay node, String user, RawClient before, String offset) {
    String pid = before.connected().get("pid").asString();
    return RawClient.socketIo(
        node.socketUrl(), Map.of("token", user, "pid", pid, "offset", offset));
  }

  /** The last argument of the {@code count}th event. */
  private static String offset(RawClient client, int count) {
    client.awaitNumbers("ring", count);
    JsonNode event = client.events("ring").get(count - 1);
    return event.get(event.size() - 1).asString();
  }

  private static int sessions(String user) {
    return TestRelay.json(b.get("/api/users/" + user)).get("sessions").size();
  }

  private static void awaitOffline(String user) {
    Awaitility.await().until(() -> sessions(user) == 0);
  }

  private static void emit(String user, int first, int last, String terms) {
    for (int n = first; n <= last; n++) {
      a.emit(
          "{\"user\":\"%s\",\"event\":\"ring\",\"data\":{\"n\":%d}%s}".formatted(user, n, terms));
    }
  }
}
