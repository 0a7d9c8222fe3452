package dev.laravelrelay.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URLEncoder;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Channels that Laravel authorises, and broadcasts to them with toOthers(). */
@Timeout(60)
class ChannelsE2E {

  private static final JsonMapper JSON = JsonMapper.shared();

  /** An event without broadcastAs() is named after its class. */
  private static final String NOTE = "App\\Events\\CallNote";

  private static Stage stage;

  @BeforeAll
  static void setUp() {
    stage = new Stage("broadcast", "laravel");
  }

  @AfterAll
  static void tearDown() {
    stage.close();
  }

  @ParameterizedTest
  @CsvSource({"public,''", "private,private-", "presence,presence-"})
  void aBroadcastReachesTheOthersInItsChannel(String kind, String prefix) {
    String call = stage.ring();
    try (Phone caller = stage.phone(Stage.CALLER, NOTE);
        Phone callee = stage.phone(Stage.CALLEE, NOTE)) {
      for (Phone phone : List.of(caller, callee)) {
        assertTrue(subscribe(phone, prefix + "call." + call).path("ok").asBoolean());
      }

      note(kind, call, "for the caller", callee.id());
      Heard heard = Ears.first(caller, NOTE);
      note(kind, call, "for both", "");
      Heard toBoth = Ears.first(callee, NOTE);

      assertEquals("{\"text\":\"for the caller\"}", heard.args().getFirst(), "without the socket");
      assertEquals("{\"text\":\"for both\"}", toBoth.args().getFirst(), "not her own note");
    }
  }

  @Test
  void laravelKeepsStrangersOut() {
    try (Phone callee = stage.phone(Stage.CALLEE)) {
      for (String channel : List.of("private-call.c-0", "presence-call.c-0", "private-user.1")) {
        JsonNode answer = subscribe(callee, channel);
        assertFalse(answer.path("ok").asBoolean(true), channel);
        assertEquals(403, answer.path("code").asInt(), answer.toString());
      }
    }
  }

  @Test
  void membersOfAPresenceChannelHearWhoComesAndGoes() {
    String channel = "presence-call." + stage.ring();
    try (Phone caller = stage.phone(Stage.CALLER, "presence:joining", "presence:leaving")) {
      assertEquals(1, subscribe(caller, channel).path("members").size());

      try (Phone callee = stage.phone(Stage.CALLEE)) {
        JsonNode members = subscribe(callee, channel).path("members");
        assertEquals(2, members.size(), members.toString());
        assertTrue(members.toString().contains("\"name\":\"Ana\""), members.toString());
        JsonNode joining = JSON.readTree(Ears.first(caller, "presence:joining").args().getFirst());
        assertEquals("Bo", joining.at("/member/user_info/name").asString(), joining.toString());
      }
      JsonNode leaving = JSON.readTree(Ears.first(caller, "presence:leaving").args().getFirst());
      assertEquals("Bo", leaving.at("/member/user_info/name").asString(), leaving.toString());
    }
  }

  private static JsonNode subscribe(Phone phone, String channel) {
    String answer =
        phone
            .ask("subscribe", "{\"channel\":\"" + channel + "\"}")
            .orTimeout(10, TimeUnit.SECONDS)
            .join();
    return JSON.readTree(answer).path(0);
  }

  private static void note(String kind, String call, String text, String socketId) {
    String form = "kind=" + kind + "&text=" + URLEncoder.encode(text, StandardCharsets.UTF_8);
    var reply =
        stage.laravel.send(
            stage
                .laravel
                .request(Stage.CALLEE, "/api/calls/" + call + "/notes")
                .header("Content-Type", "application/x-www-form-urlencoded")
                .header("X-Socket-ID", socketId)
                .POST(BodyPublishers.ofString(form)));
    assertEquals(200, reply.statusCode(), () -> reply.body() + stage.laravel.log());
  }
}
