package dev.laravelrelay.app;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.DroppingProxy;
import dev.laravelrelay.testing.DroppingProxy.Drop;
import dev.laravelrelay.testing.RawClient;
import dev.laravelrelay.testing.StockClient;
import dev.laravelrelay.testing.StockClient.Transports;
import dev.laravelrelay.testing.TestRedis;
import dev.laravelrelay.testing.TestRelay;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Clients that come back to another node take up where they were cut off. */
@Timeout(90)
class ResumeElsewhereIT {

  private static TestRedis redis;
  private static TestRelay a;
  private static TestRelay b;

  @BeforeAll
  static void start() {
    redis = TestRedis.start();
    a = TestRelay.start(redis, "elsewhere:");
    b = TestRelay.start(redis, "elsewhere:");
  }

  @AfterAll
  static void stop() {
    a.close();
    b.close();
    redis.close();
  }

  @ParameterizedTest
  @EnumSource
  void aStockClientThatResumesMissesNothingAndGetsNothingTwice(Drop drop) {
    String user = "stock-" + drop;
    try (DroppingProxy network = new DroppingProxy(a.socketPort());
        StockClient phone =
            new StockClient(network.url(), Transports.WEBSOCKET, user, "ring", "news", "subscribed")
                .resumable()
                .connect()) {
      phone.socket().emit("subscribe", new JSONObject(Map.of("channel", "news-" + drop)));
      phone.await("subscribed", 1);
      emit(b, user, 1, 3, "");
      phone.await("ring", 3);
      String sid = phone.socket().id();
      for (int round = 0; round < 2; round++) {
        network.redirect((round == 0 ? b : a).socketPort());
        network.drop(drop);
        int first = 4 + 6 * round;
        emit(a, user, first, first + 1, "");
        emit(b, user, first + 2, first + 3, ",\"hold\":30");
        news(b, drop, first);
        network.resetSilent();
        emit(a, user, first + 4, first + 4, "");
        phone.await("connect", 2 + round);
        emit(b, user, first + 5, first + 5, "");
        news(a, drop, first + 1);
        phone.await("ring", first + 5);
        phone.await("news", 2 + 2 * round);
        assertEquals(sid, phone.socket().id());
      }
      assertEquals(IntStream.rangeClosed(1, 15).boxed().toList(), phone.numbers("ring"));
      assertEquals(List.of(4, 5, 10, 11), phone.numbers("news"));
      await().until(() -> a.get("/api/users/" + user + "/held").body().contains("[]"));
    }
  }

  @Test
  void aHalfOpenSessionIsTakenAwayFromItsNode() {
    RawClient first = resumable(a, "half");
    emit(a, "half", 1, 2, "");
    String offset = offset(first, 2);
    try (RawClient second = resuming(b, "half", first, offset)) {
      emit(a, "half", 3, 4, "");
      assertEquals(List.of(3, 4), second.awaitNumbers("ring", 2));
      assertEquals(first.connected().get("sid"), second.connected().get("sid"));
      await().until(() -> sessions("half") == 1);
      assertEquals(2, first.events("ring").size());
    }
    first.close();
  }

  @Test
  void ofThoseWhoResumeTheSameSessionAtOnceOneHasIt() {
    for (int round = 0; round < 10; round++) {
      String user = "same-" + round;
      RawClient first = resumable(a, user);
      emit(a, user, 1, 1, "");
      String offset = offset(first, 1);
      first.close();
      List<CompletableFuture<RawClient>> all =
          Stream.of(a, b, a, b)
              .map(node -> CompletableFuture.supplyAsync(() -> resuming(node, user, first, offset)))
              .toList();
      List<RawClient> clients = all.stream().map(CompletableFuture::join).toList();
      String sid = first.connected().get("sid").asString();
      await().until(() -> sessions(user, sid) <= 1 && sessions(user) <= all.size());
      emit(b, user, 2, 2, ",\"confirm\":5000");
      await().until(() -> clients.stream().filter(one -> heard(one) && has(one, sid)).count() <= 1);
      clients.forEach(RawClient::close);
    }
  }

  @Test
  void aPlainClientIsGivenWhatItMissedOnTheOtherNode() {
    RawClient first = RawClient.plain(a.socketUrl(), "token=plain");
    emit(b, "plain", 1, 2, "");
    first.awaitNumbers("ring", 2);
    String last = lastId(first);
    first.close();
    awaitOffline("plain");
    emit(b, "plain", 3, 5, "");
    double before = b.metric("relay_sessions_suspended");
    try (RawClient second = RawClient.plain(b.socketUrl(), "token=plain&after=" + last)) {
      assertEquals(List.of(3, 4, 5), second.awaitNumbers("ring", 3));
      assertTrue(second.frames().getFirst().contains("\"resumed\":true"));
      await().until(() -> b.metric("relay_sessions_suspended") <= before);
    }
  }

  @Test
  void aPlainClientIsGivenWhatItMissedOnTheOtherNodeThoughItsUserHasAnOpenOneHere() {
    try (RawClient tablet = RawClient.plain(b.socketUrl(), "token=two")) {
      RawClient phone = RawClient.plain(a.socketUrl(), "token=two");
      emit(a, "two", 1, 1, "");
      phone.awaitNumbers("ring", 1);
      tablet.awaitNumbers("ring", 1);
      String last = lastId(phone);
      phone.close();
      await().until(() -> sessions("two") == 1);
      String sender = tablet.plainConnected().get("socket_id").asString();
      emit(a, "two", 2, 2, ",\"except\":\"%s\"".formatted(sender));
      try (RawClient back = RawClient.plain(b.socketUrl(), "token=two&after=" + last)) {
        assertTrue(back.plainConnected().get("resumed").asBoolean());
        assertEquals(List.of(2), back.awaitNumbers("ring", 1));
      }
    }
  }

  @Test
  void ofTwoPlainClientsThatWereCutOffOnTwoNodesNoneIsTakenForTheOther() {
    RawClient phone = RawClient.plain(a.socketUrl(), "token=unlike");
    RawClient tablet = RawClient.plain(b.socketUrl(), "token=unlike");
    emit(a, "unlike", 1, 1, "");
    phone.awaitNumbers("ring", 1);
    tablet.awaitNumbers("ring", 1);
    phone.close();
    tablet.close();
    awaitOffline("unlike");
    String last = lastId(phone);
    try (RawClient back = RawClient.plain(b.socketUrl(), "token=unlike&after=" + last)) {
      assertFalse(back.plainConnected().get("resumed").asBoolean());
    }
  }

  @Test
  void whatWasMissedIsReplayedUnderTheSameSidThereAndBack() {
    RawClient first = resumable(a, "js");
    emit(a, "js", 1, 3, "");
    String offset = offset(first, 3);
    first.close();
    awaitOffline("js");
    emit(a, "js", 4, 6, "");

    RawClient second = resuming(b, "js", first, offset);
    emit(a, "js", 7, 8, "");
    assertEquals(List.of(4, 5, 6, 7, 8), second.awaitNumbers("ring", 5));
    assertEquals(first.connected().get("sid"), second.connected().get("sid"));
    offset = offset(second, 5);
    second.close();
    emit(a, "js", 9, 10, "");

    try (RawClient third = resuming(a, "js", first, offset)) {
      assertEquals(List.of(9, 10), third.awaitNumbers("ring", 2));
      assertEquals(first.connected().get("sid"), third.connected().get("sid"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"user\":\"hop\"", "\"channel\":\"hop-news\""})
  void nothingIsLostOrDoubledUnderAStreamOfEvents(String target) {
    int count = 400;
    RawClient client = resumable(a, "hop");
    client.send("42[\"subscribe\",{\"channel\":\"hop-news\"}]");
    await().until(() -> !client.events("subscribed").isEmpty());
    CompletableFuture<Void> emitting =
        CompletableFuture.runAsync(
            () -> IntStream.rangeClosed(1, count).forEach(n -> ring(a, target, n, "")));
    assertEquals(IntStream.rangeClosed(1, count).boxed().toList(), hopping(client, count));
    emitting.join();
  }

  /** What the client of this user hears who goes to the other node with each event. */
  private static List<Integer> hopping(RawClient first, int count) {
    RawClient client = first;
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
    return heard;
  }

  @Test
  void whatNobodyKnowsIsNotResumed() {
    try (RawClient plain = RawClient.plain(b.socketUrl(), "token=none&after=x")) {
      assertTrue(plain.frames().getFirst().contains("\"resumed\":false"));
    }
    try (RawClient client =
        RawClient.socketIo(b.socketUrl(), Map.of("token", "none", "pid", "x", "offset", "y"))) {
      assertNotEquals("x", client.connected().get("pid").asString());
    }
  }

  @Test
  void whatANodeTookWithItIsNotResumedAndTheClientIsTold() {
    RawClient first;
    String offset;
    try (TestRelay c = TestRelay.start(redis, "elsewhere:")) {
      first = resumable(c, "gone");
      emit(c, "gone", 1, 1, "");
      offset = offset(first, 1);
    }
    first.close();
    try (RawClient second = resuming(b, "gone", first, offset)) {
      assertNotEquals(first.connected().get("sid"), second.connected().get("sid"));
    }
  }

  @Test
  void nobodyElseCanResumeItFromAnotherNode() {
    RawClient first = resumable(a, "mine");
    emit(a, "mine", 1, 1, "");
    String offset = offset(first, 1);
    first.close();
    try (RawClient thief = resuming(b, "thief", first, offset)) {
      assertFalse(first.connected().get("sid").equals(thief.connected().get("sid")));
    }
  }

  private static long sessions(String user, String sid) {
    return TestRelay.json(TestRelay.patiently(() -> a.get("/api/users/" + user)))
        .get("sessions")
        .valueStream()
        .filter(one -> one.get("id").asString().equals(sid))
        .count();
  }

  private static int sessions(String user) {
    return TestRelay.json(TestRelay.patiently(() -> a.get("/api/users/" + user)))
        .get("sessions")
        .size();
  }

  private static boolean heard(RawClient client) {
    return client.events("ring").stream().anyMatch(event -> event.get(1).get("n").asInt() == 2);
  }

  private static boolean has(RawClient client, String sid) {
    return client.connected().get("sid").asString().equals(sid);
  }

  private static RawClient resumable(TestRelay node, String user) {
    return RawClient.socketIo(node.socketUrl(), Map.of("token", user, "resume", true));
  }

  private static RawClient resuming(TestRelay node, String user, RawClient before, String offset) {
    String pid = before.connected().get("pid").asString();
    return RawClient.socketIo(
        node.socketUrl(), Map.of("token", user, "pid", pid, "offset", offset));
  }

  /** The last argument of the {@code count}th event. */
  private static String offset(RawClient client, int count) {
    client.awaitNumbers("ring", count);
    JsonNode last = client.events("ring").get(count - 1);
    return last.get(last.size() - 1).asString();
  }

  private static String lastId(RawClient client) {
    return client.frames().getLast().replaceAll(".*\"id\":\"([^\"]*)\".*", "$1");
  }

  private static void awaitOffline(String user) {
    await()
        .until(
            () ->
                !TestRelay.json(TestRelay.patiently(() -> b.get("/api/users/" + user)))
                    .get("online")
                    .asBoolean());
  }

  private static void emit(TestRelay node, String user, int first, int last, String more) {
    for (int n = first; n <= last; n++) {
      ring(node, "\"user\":\"%s\"".formatted(user), n, more);
    }
  }

  private static void ring(TestRelay node, String target, int number, String more) {
    emit(node, "%s,\"event\":\"ring\",\"data\":{\"n\":%d}%s".formatted(target, number, more));
  }

  private static void news(TestRelay node, Drop drop, int number) {
    emit(
        node,
        "\"channel\":\"news-%s\",\"event\":\"news\",\"data\":{\"n\":%d}".formatted(drop, number));
  }

  private static void emit(TestRelay node, String fields) {
    String body = "{%s,\"id\":\"%s\"}".formatted(fields, UUID.randomUUID());
    TestRelay.json(TestRelay.patiently(() -> node.post(body)));
  }
}
