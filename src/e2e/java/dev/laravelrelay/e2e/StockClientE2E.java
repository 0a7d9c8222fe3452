package dev.laravelrelay.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Every stock client, in each of its transport modes, against the packaged relay. */
@Timeout(120)
class StockClientE2E {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final String EVENT = "call:rejected";
  private static final Map<String, String> SETTINGS =
      Map.of(
          "RELAY_AUTH", "jwt", "RELAY_JWT_SECRET", LaravelProcess.JWT_SECRET, "RELAY_DRAIN", "1s");

  private static RelayProcess relay;

  @BeforeAll
  static void startRelay() {
    relay = RelayProcess.start(SETTINGS);
  }

  @AfterAll
  static void stopRelay() {
    relay.close();
  }

  static Stream<Arguments> phones() {
    return Arrays.stream(PhoneKind.values())
        .flatMap(
            kind ->
                Arrays.stream(Phone.Transports.values())
                    .map(transports -> Arguments.of(kind, transports)));
  }

  @ParameterizedTest(name = "{0} over {1}")
  @MethodSource("phones")
  void theListenerGetsTheDataAsItWasEmitted(PhoneKind kind, Phone.Transports transports) {
    try (Phone phone =
        kind.make(relay.socketUrl().toString(), transports, auth(1), List.of(EVENT))) {
      Ears.connect(phone, transports);
      String data =
          """
          {"callId":"c-667","reason":"Nicht jetzt, später 📵 \\u001e\\u2028 \\"ok\\" <b>/","zero":0,
           "minus":-7,"half":0.5,"yes":true,"nothing":null,"list":[],"object":{},"empty":"",
           "timestamp":1795358188000,"big":%s,"nested":{"a":[[1,[2]],{"b":{"c":"d"}}]}}
          """
              .formatted(kind.keepsLongs() ? "9007199254740993" : "9007199254740992");

      var reply = relay.emit("{\"user\":1,\"event\":\"" + EVENT + "\",\"data\":" + data + "}");

      assertEquals(200, reply.statusCode(), reply.body());
      assertEquals("sent", JSON.readTree(reply.body()).path("verdict").asString(), reply.body());
      Heard heard = Ears.first(phone, EVENT);
      assertEquals(1, heard.args().size(), "one argument, no offset");
      assertEquals(kind == PhoneKind.NODE ? "Object" : "JSONObject", heard.types().getFirst());
      assertEquals(JSON.readTree(data), JSON.readTree(heard.args().getFirst()));
    }
  }

  @ParameterizedTest(name = "{0} over {1}")
  @MethodSource("phones")
  void anEmptyPhpArrayArrivesAsItCame(PhoneKind kind, Phone.Transports transports) {
    try (Phone phone = kind.make(relay.socketUrl().toString(), transports, auth(2), List.of("e"))) {
      Ears.connect(phone, transports);

      relay.emit("{\"user\":\"2\",\"event\":\"e\",\"data\":[]}");
      relay.emit("{\"user\":2,\"event\":\"e\",\"data\":{}}");

      assertEquals(List.of("[]"), Ears.nth(phone, "e", 1).args());
      assertEquals(List.of("{}"), Ears.nth(phone, "e", 2).args());
    }
  }

  @ParameterizedTest(name = "{0} over {1}")
  @MethodSource("phones")
  void manyEventsArriveInTheirOrder(PhoneKind kind, Phone.Transports transports) {
    try (Phone phone = kind.make(relay.socketUrl().toString(), transports, auth(3), List.of("n"))) {
      phone.connect();
      Ears.first(phone, "connect");
      int count = 200;
      for (int i = 0; i < count; i++) {
        relay.emit("{\"user\":3,\"event\":\"n\",\"data\":{\"i\":" + i + "}}");
      }
      Ears.nth(phone, "n", count);
      List<Integer> numbers =
          Ears.all(phone, "n").stream()
              .map(heard -> JSON.readTree(heard.args().getFirst()).path("i").asInt())
              .toList();
      assertEquals(Stream.iterate(0, i -> i + 1).limit(count).toList(), numbers);
    }
  }

  @ParameterizedTest(name = "{0} over {1}")
  @MethodSource("phones")
  void anAcknowledgementIsGivenWhereOneIsWanted(PhoneKind kind, Phone.Transports transports) {
    try (Phone phone = kind.make(relay.socketUrl().toString(), transports, auth(7), List.of("e"))) {
      Ears.connect(phone, transports);

      String answer =
          phone.ask("subscribe", "{\"channel\":\"news\"}").orTimeout(10, TimeUnit.SECONDS).join();

      assertTrue(JSON.readTree(answer).path(0).path("ok").asBoolean(), answer);
      relay.emit("{\"channel\":\"news\",\"event\":\"e\",\"data\":{\"in\":\"news\"}}");
      assertEquals(List.of("{\"in\":\"news\"}"), Ears.first(phone, "e").args());
    }
  }

  @ParameterizedTest(name = "{0} over {1}")
  @MethodSource("phones")
  void aRefusalSaysWhy(PhoneKind kind, Phone.Transports transports) {
    Map<String, String> expired = Map.of("token", Tokens.of(1, Instant.EPOCH));
    for (Map<String, String> auth : List.of(expired, Map.of("token", "bad"), Map.of("no", "t"))) {
      try (Phone phone = kind.make(relay.socketUrl().toString(), transports, auth, List.of())) {
        phone.connect();

        Heard refusal = Ears.first(phone, "connect_error");

        JsonNode error = JSON.readTree(refusal.args().getFirst());
        assertFalse(error.path("message").asString("").isEmpty(), refusal.toString());
        assertFalse(error.path("data").path("code").isMissingNode(), refusal.toString());
        assertFalse(phone.connected());
      }
    }
  }

  @Test
  void phonesComeBackAfterTheirConnectionWasCut() {
    try (Wire wire = new Wire(relay.port());
        Fleet fleet = new Fleet(wire.url(), auth(4), List.of(EVENT))) {
      fleet.connect();

      wire.cut();

      comeBackAndHear(fleet, 4);
    }
  }

  @Test
  void aRelayThatStopsIsNoticedAtOnceAndItsSuccessorFound() {
    try (Fleet fleet = new Fleet(relay.socketUrl().toString(), auth(5), List.of(EVENT))) {
      fleet.connect();

      long stop = System.nanoTime();
      int exit = relay.stop();
      String log = relay.log();
      relay.restart();

      Timings noticed = new Timings("SIGTERM to the client's disconnect event, RELAY_DRAIN=1s");
      fleet.each(
          (name, phone) -> {
            long micros = (Ears.first(phone, "disconnect").nanos() - stop) / 1000;
            noticed.add(micros);
            assertTrue(micros < 5_000_000, name + " noticed after " + micros + " us");
          });
      noticed.print();
      assertEquals(0, exit, log);
      comeBackAndHear(fleet, 5);
    }
  }

  @Test
  void aRelayThatDiesIsNoticedAtOnceAndItsSuccessorFound() {
    try (Fleet fleet = new Fleet(relay.socketUrl().toString(), auth(6), List.of(EVENT))) {
      fleet.connect();

      long death = System.nanoTime();
      relay.kill();
      relay.restart();

      fleet.each(
          (name, phone) -> {
            long micros = (Ears.first(phone, "disconnect").nanos() - death) / 1000;
            assertTrue(micros < 5_000_000, name + " noticed after " + micros + " us");
          });
      comeBackAndHear(fleet, 6);
    }
  }

  private static void comeBackAndHear(Fleet fleet, int user) {
    fleet.each(
        (name, phone) -> {
          assertNotEquals(
              "\"io server disconnect\"", Ears.first(phone, "disconnect").args().getFirst(), name);
          Ears.nth(phone, "connect", 2);
        });
    var reply = relay.emit("{\"user\":" + user + ",\"event\":\"" + EVENT + "\",\"data\":{}}");
    int sessions = JSON.readTree(reply.body()).path("sessions").asInt();
    assertTrue(sessions >= fleet.size(), reply.body()); // with those of which it does not know yet
    fleet.each((name, phone) -> Ears.first(phone, EVENT));
  }

  private static Map<String, String> auth(int user) {
    return Map.of("token", Tokens.of(user, Instant.now().plus(1, ChronoUnit.HOURS)));
  }
}
