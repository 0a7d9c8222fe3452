package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.DroppingProxy;
import dev.laravelrelay.testing.DroppingProxy.Drop;
import dev.laravelrelay.testing.RawClient;
import dev.laravelrelay.testing.StockClient;
import dev.laravelrelay.testing.StockClient.Transports;
import dev.laravelrelay.testing.TestRelay;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** Clients that asked for it take up where they were cut off. */
@Timeout(60)
class ResumeTest {

  private static TestRelay relay;

  @BeforeAll
  static void start() {
    relay = TestRelay.start(Duration.ofSeconds(2), Duration.ofSeconds(2));
  }

  @AfterAll
  static void stop() {
    relay.close();
  }

  // --- as the JavaScript client does

  @Test
  void whatWasMissedIsReplayedUnderTheSameSid() {
    RawClient first = resumable("js");
    emit("js", 1, 3, "");
    String offset = offset(first, 3);
    first.close();
    awaitOffline("js");
    emit("js", 4, 6, "");

    try (RawClient second = resuming("js", first, offset)) {
      emit("js", 7, 8, "");

      assertEquals(List.of(4, 5, 6, 7, 8), second.awaitNumbers("ring", 5));
      assertEquals(first.connected().get("sid"), second.connected().get("sid"));
      assertEquals(first.connected().get("pid"), second.connected().get("pid"));
    }
  }

  @Test
  void itResumesAlsoWhileTheOldConnectionIsStillHalfOpen() {
    try (DroppingProxy network = new DroppingProxy(relay.socketPort())) {
      RawClient first = RawClient.socketIo(network.url(), Map.of("token", "half", "resume", true));
      emit("half", 1, 2, ",\"hold\":30");
      String offset = offset(first, 2);
      network.drop(Drop.SILENCE);
      emit("half", 3, 4, ",\"hold\":30");
      emit("half", 5, 5, "");

      try (RawClient second = resuming("half", first, offset)) {
        emit("half", 6, 7, ",\"hold\":30");

        assertEquals(List.of(3, 4, 5, 6, 7), second.awaitNumbers("ring", 5));
        assertEquals(first.connected().get("sid"), second.connected().get("sid"));
        assertEquals(1, sessions("half"), "the old one is gone");
        awaitNothingHeld("half");
      }
    }
  }

  @Test
  void itResumesAgainAndAgain() {
    RawClient last = resumable("again");
    emit("again", 1, 1, ",\"hold\":30");
    String offset = offset(last, 1);
    for (int n = 2; n <= 6; n++) {
      last.close();
      emit("again", n, n, n % 2 == 0 ? ",\"hold\":30" : "");
      RawClient next = resuming("again", last, offset);
      assertEquals(List.of(n), next.awaitNumbers("ring", 1));
      offset = offset(next, 1);
      last = next;
    }
    last.close();
  }

  @Test
  void aClientThatHadNoEventYetResumesToo() {
    RawClient first = resumable("early");
    first.close();
    emit("early", 1, 2, "");

    try (RawClient second =
        RawClient.socketIo(
            relay.socketUrl(),
            Map.of("token", "early", "pid", first.connected().get("pid").asString()))) {
      assertEquals(upTo(2), second.awaitNumbers("ring", 2));
      assertEquals(first.connected().get("sid"), second.connected().get("sid"));
    }
  }

  @Test
  void aClientThatSaidGoodByeDoesNotResume() {
    RawClient first = resumable("bye");
    emit("bye", 1, 1, "");
    String offset = offset(first, 1);
    first.send("41");
    awaitOffline("bye");
    emit("bye", 2, 2, "");

    try (RawClient second = resuming("bye", first, offset)) {
      emit("bye", 3, 3, "");

      assertEquals(List.of(3), second.awaitNumbers("ring", 1));
      assertNotEquals(first.connected().get("sid"), second.connected().get("sid"));
    }
    first.close();
  }

  @Test
  void afterAGapThatIsTooOldItIsANewSession() {
    RawClient first = resumable("gap");
    emit("gap", 1, 1, "");
    String offset = offset(first, 1);
    first.close();
    awaitOffline("gap");
    for (int batch = 0; batch < 2; batch++) {
      emitBatch("gap", 2 + batch * 600, 601 + batch * 600);
    }

    try (RawClient second = resuming("gap", first, offset)) {
      emit("gap", 2_000, 2_000, "");

      assertEquals(List.of(2_000), second.awaitNumbers("ring", 1));
      assertNotEquals(first.connected().get("sid"), second.connected().get("sid"));
      assertTrue(second.connected().get("pid").isString(), "but can be resumed itself");
    }
  }

  @Test
  void afterSuchAGapItResumesFromItsOldOffset() {
    String stale = "an-event-long-gone";
    RawClient second =
        RawClient.socketIo(
            relay.socketUrl(), Map.of("token", "stale", "pid", "forgotten", "offset", stale));
    second.close();
    emit("stale", 1, 2, "");

    try (RawClient third = resuming("stale", second, stale)) {
      assertEquals(upTo(2), third.awaitNumbers("ring", 2));
      assertEquals(second.connected().get("sid"), third.connected().get("sid"));
    }
  }

  @Test
  void nobodyElseCanResumeIt() {
    RawClient first = resumable("mine");
    emit("mine", 1, 1, "");
    String offset = offset(first, 1);
    first.close();
    emit("mine", 2, 2, "");
    Map<String, ?> auth =
        Map.of("token", "thief", "pid", first.connected().get("pid").asString(), "offset", offset);

    try (RawClient thief = RawClient.socketIo(relay.socketUrl(), auth)) {
      emit("thief", 3, 3, "");

      assertEquals(List.of(3), thief.awaitNumbers("ring", 1));
      assertNotEquals(first.connected().get("sid"), thief.connected().get("sid"));
    }
  }

  @Test
  void ofTwoThatResumeItAtTheSameInstantOneIsAdmitted() {
    RawClient first = resumable("twins");
    emit("twins", 1, 1, "");
    String offset = offset(first, 1);
    for (int round = 0; round < 10; round++) {
      RawClient before = first;
      List<RawClient> twins =
          IntStream.range(0, 2)
              .parallel()
              .mapToObj(twin -> resuming("twins", before, offset))
              .toList();
      int n = 2 + round;
      emit("twins", n, n, "");
      List<RawClient> admitted =
          twins.stream()
              .filter(twin -> twin.connected().get("sid").equals(before.connected().get("sid")))
              .toList();
      Awaitility.await()
          .until(() -> admitted.stream().anyMatch(twin -> twin.numbers("ring").contains(n)));
      assertEquals(1, admitted.stream().filter(twin -> twin.numbers("ring").contains(n)).count());
      twins.forEach(RawClient::close);
    }
    first.close();
  }

  @Test
  void whoResumesIsNotGivenTheHeldEventThatHeIsExceptedFrom() {
    RawClient phone = resumable("own");
    String sid = phone.connected().get("sid").asString();
    emit("own", 1, 1, ",\"hold\":30,\"except\":\"%s\"".formatted(sid));
    emit("own", 2, 2, "");
    String offset = offset(phone, 1);
    phone.close();
    awaitOffline("own");
    emit("own", 3, 3, ",\"hold\":30");

    try (RawClient back = resuming("own", phone, offset)) {
      assertEquals(List.of(3), back.awaitNumbers("ring", 1));
    }
    try (RawClient tablet = RawClient.plain(relay.socketUrl(), "token=own")) {
      assertEquals(1, tablet.awaitNumbers("ring", 1).getFirst());
      awaitNothingHeld("own");
    }
  }

  @Test
  void whoDidNotAskGetsNoOffsetAndNoPid() {
    try (RawClient client = RawClient.socketIo(relay.socketUrl(), Map.of("token", "plainly"))) {
      emit("plainly", 1, 1, ",\"hold\":30");
      client.awaitNumbers("ring", 1);

      assertEquals(2, client.events("ring").getFirst().size(), "name and data");
      assertFalse(client.connected().has("pid"));
    }
  }

  // --- plain WebSocket

  @Test
  void aPlainClientResumesAfterTheIdOfItsLastEvent() {
    String last;
    try (RawClient first = RawClient.plain(relay.socketUrl(), "token=ws")) {
      assertFalse(first.plainConnected().has("resumed"), "it did not ask");
      emit("ws", 1, 2, "");
      first.awaitNumbers("ring", 2);
      last = first.messages("ring").getLast().get("id").asString();
    }
    awaitOffline("ws");
    emit("ws", 3, 4, "");

    try (RawClient second = RawClient.plain(relay.socketUrl(), "token=ws&after=" + last)) {
      emit("ws", 5, 5, "");
      assertTrue(second.plainConnected().get("resumed").asBoolean());
      assertEquals(List.of(3, 4, 5), second.awaitNumbers("ring", 3));
    }
  }

  @Test
  void aPlainClientResumesWhileItsOldConnectionIsHalfOpen() {
    try (DroppingProxy network = new DroppingProxy(relay.socketPort());
        RawClient first = RawClient.plain(network.url(), "token=ws-half")) {
      emit("ws-half", 1, 1, ",\"hold\":30");
      first.awaitNumbers("ring", 1);
      String last = first.messages("ring").getLast().get("id").asString();
      network.drop(Drop.SILENCE);
      emit("ws-half", 2, 3, ",\"hold\":30");

      try (RawClient second = RawClient.plain(relay.socketUrl(), "token=ws-half&after=" + last)) {
        assertTrue(second.plainConnected().get("resumed").asBoolean());
        assertEquals(List.of(2, 3), second.awaitNumbers("ring", 2));
      }
    }
  }

  @Test
  void aPlainClientIsToldHonestlyThatTheGapIsTooOld() {
    emit("ws-gap", 1, 1, ",\"hold\":30");
    try (RawClient client = RawClient.plain(relay.socketUrl(), "token=ws-gap&after=long-ago")) {
      assertFalse(client.plainConnected().get("resumed").asBoolean());
      assertEquals(List.of(1), client.awaitNumbers("ring", 1), "what is held comes all the same");
    }
  }

  @Test
  void aPlainClientIsGivenWhatItMissedAndNotWhatItsUsersOpenOneDid() {
    try (RawClient tablet = RawClient.plain(relay.socketUrl(), "token=two")) {
      RawClient phone = RawClient.plain(relay.socketUrl(), "token=two");
      subscribe(phone, "two-news");
      emit("two", 1, 1, "");
      String last = lastId(phone, 1);
      lastId(tablet, 1);
      phone.close();
      Awaitility.await().until(() -> sessions("two") == 1);
      String sender = tablet.plainConnected().get("socket_id").asString();
      emit("two", 2, 2, ",\"except\":\"%s\"".formatted(sender));
      news("two-news", 3);

      try (RawClient back = RawClient.plain(relay.socketUrl(), "token=two&after=" + last)) {
        assertTrue(back.plainConnected().get("resumed").asBoolean());
        assertEquals(List.of(2, 3), back.awaitNumbers("ring", 2));
      }
    }
  }

  @Test
  void ofTwoPlainClientsThatMissedTheSameEachResumes() {
    RawClient phone = RawClient.plain(relay.socketUrl(), "token=alike");
    RawClient tablet = RawClient.plain(relay.socketUrl(), "token=alike");
    emit("alike", 1, 1, "");
    String last = lastId(phone, 1);
    lastId(tablet, 1);
    phone.close();
    tablet.close();
    awaitOffline("alike");
    emit("alike", 2, 2, "");

    for (int client = 0; client < 2; client++) {
      try (RawClient back = RawClient.plain(relay.socketUrl(), "token=alike&after=" + last)) {
        assertTrue(back.plainConnected().get("resumed").asBoolean());
        assertEquals(List.of(2), back.awaitNumbers("ring", 1));
      }
    }
  }

  @Test
  void ofTwoPlainClientsThatMissedDifferentThingsNoneIsTakenForTheOther() {
    RawClient phone = RawClient.plain(relay.socketUrl(), "token=unlike");
    RawClient tablet = RawClient.plain(relay.socketUrl(), "token=unlike");
    subscribe(phone, "unlike-news");
    emit("unlike", 1, 1, "");
    String last = lastId(phone, 1);
    lastId(tablet, 1);
    phone.close();
    tablet.close();
    awaitOffline("unlike");
    news("unlike-news", 2);

    try (RawClient back = RawClient.plain(relay.socketUrl(), "token=unlike&after=" + last)) {
      assertFalse(back.plainConnected().get("resumed").asBoolean());
    }
  }

  @Test
  void aPlainClientThatIsCutOffAgainResumesFromItsLastConnection() {
    RawClient first = RawClient.plain(relay.socketUrl(), "token=twice");
    emit("twice", 1, 1, "");
    String last = lastId(first, 1);
    first.close();
    awaitOffline("twice");
    RawClient second = RawClient.plain(relay.socketUrl(), "token=twice&after=" + last);
    subscribe(second, "twice-news");
    emit("twice", 2, 2, "");
    last = lastId(second, 1);
    second.close();
    awaitOffline("twice");
    news("twice-news", 3);

    try (RawClient third = RawClient.plain(relay.socketUrl(), "token=twice&after=" + last)) {
      assertTrue(third.plainConnected().get("resumed").asBoolean());
      assertEquals(List.of(3), third.awaitNumbers("ring", 1));
    }
  }

  @Test
  void whoComesAfterNothingIsANewClient() {
    try (RawClient tab = RawClient.plain(relay.socketUrl(), "token=tabs")) {
      emit("tabs", 1, 1, "");
      lastId(tab, 1);
      try (RawClient other = RawClient.plain(relay.socketUrl(), "token=tabs&after=")) {
        assertFalse(other.plainConnected().has("resumed"));
        emit("tabs", 2, 2, "");
        assertEquals(List.of(2), other.awaitNumbers("ring", 1));
      }
    }
  }

  // --- as an Android app does, with the stock client

  @ParameterizedTest
  @EnumSource
  void theStockClientResumesWithAFewLines(Transports transports) {
    String user = "android-" + transports;
    try (DroppingProxy network = new DroppingProxy(relay.socketPort());
        StockClient phone = new StockClient(network.url(), transports, user, "ring")) {
      phone.resumable();
      phone.connect();
      String id = phone.socket().id();
      emit(user, 1, 2, "");
      phone.await("ring", 2);
      for (int round = 0; round < 3; round++) {
        network.drop(round == 1 ? Drop.SILENCE : Drop.RST);
        int next = 3 + 4 * round;
        emit(user, next, next + 1, "");
        network.resetSilent();
        phone.await("ring", next + 1);
        assertEquals(id, phone.socket().id());
        emit(user, next + 2, next + 3, "");
        phone.await("ring", next + 3);
      }

      assertEquals(upTo(14), phone.numbers("ring"));
    }
  }

  private static RawClient resumable(String user) {
    return RawClient.socketIo(relay.socketUrl(), Map.of("token", user, "resume", true));
  }

  private static RawClient resuming(String user, RawClient before, String offset) {
    String pid = before.connected().get("pid").asString();
    return RawClient.socketIo(
        relay.socketUrl(), Map.of("token", user, "pid", pid, "offset", offset));
  }

  /** The last argument of the {@code count}th event. */
  private static String offset(RawClient client, int count) {
    client.awaitNumbers("ring", count);
    JsonNode event = client.events("ring").get(count - 1);
    return event.get(event.size() - 1).asString();
  }

  /** The id of the plain client's {@code count}th event. */
  private static String lastId(RawClient client, int count) {
    client.awaitNumbers("ring", count);
    return client.messages("ring").get(count - 1).get("id").asString();
  }

  private static void subscribe(RawClient client, String channel) {
    client.send("{\"event\":\"subscribe\",\"data\":{\"channel\":\"%s\"}}".formatted(channel));
    Awaitility.await().until(() -> !client.messages("subscribed").isEmpty());
  }

  private static void news(String channel, int n) {
    relay.emit("{\"channel\":\"%s\",\"event\":\"ring\",\"data\":{\"n\":%d}}".formatted(channel, n));
  }

  private static void awaitOffline(String user) {
    Awaitility.await().until(() -> sessions(user) == 0);
  }

  private static int sessions(String user) {
    return TestRelay.json(relay.get("/api/users/" + user)).get("sessions").size();
  }

  private static void awaitNothingHeld(String user) {
    Awaitility.await()
        .until(
            () ->
                TestRelay.json(relay.get("/api/users/" + user + "/held")).get("events").isEmpty());
  }

  private static void emit(String user, int first, int last, String terms) {
    for (int n = first; n <= last; n++) {
      relay.emit(
          "{\"user\":\"%s\",\"event\":\"ring\",\"data\":{\"n\":%d}%s}".formatted(user, n, terms));
    }
  }

  private static void emitBatch(String user, int first, int last) {
    String emits =
        IntStream.rangeClosed(first, last)
            .mapToObj(
                "{\"user\":\"%s\",\"event\":\"ring\",\"data\":{\"n\":%%d}}".formatted(user)
                    ::formatted)
            .collect(Collectors.joining(",", "[", "]"));
    assertEquals(200, relay.postBatch(emits).statusCode());
  }

  private static List<Integer> upTo(int last) {
    return IntStream.rangeClosed(1, last).boxed().toList();
  }
}
