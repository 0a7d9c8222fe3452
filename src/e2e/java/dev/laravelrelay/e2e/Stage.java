package dev.laravelrelay.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.laravelrelay.testing.FreePorts;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Redis, the relay and Laravel, told of each other; user 1 calls and user 2 is called. */
final class Stage implements AutoCloseable {

  static final String WEBHOOK = "/api/relay/webhook";
  static final int CALLER = 1;
  static final int CALLEE = 2;

  final RedisProcess redis;
  final RelayProcess relay;
  final LaravelProcess laravel;
  private final String auth;

  /**
   * Sets it up.
   *
   * @param notify how Laravel tells the relay: http, broadcast, stream or none
   * @param auth how phones prove who they are (RELAY_AUTH): jwt or laravel
   */
  Stage(String notify, String auth) {
    this(notify, auth, FreePorts.next(), Map.of());
  }

  private Stage(String notify, String auth, int laravelPort, Map<String, String> more) {
    this.auth = auth;
    redis = RedisProcess.start();
    Map<String, String> settings = new HashMap<>(more);
    settings.put("RELAY_AUTH", auth);
    settings.put("RELAY_JWT_SECRET", LaravelProcess.JWT_SECRET);
    settings.put("RELAY_LARAVEL_URL", "http://127.0.0.1:" + laravelPort);
    settings.put("RELAY_REDIS_URL", redis.url());
    relay = RelayProcess.start(settings);
    laravel =
        LaravelProcess.start(
            laravelPort,
            Map.of(
                "CALL_NOTIFY",
                notify,
                "RELAY_URL",
                relay.apiUrl().toString(),
                "RELAY_KEY",
                RelayProcess.KEY,
                "REDIS_PORT",
                Integer.toString(redis.port())),
            "Ana",
            "Bo");
  }

  /** Where the relay tells Laravel what phones say, too; with more settings of the relay. */
  static Stage withWebhooks(Map<String, String> more) {
    int laravelPort = FreePorts.next();
    Map<String, String> settings = new HashMap<>(more);
    settings.put("RELAY_WEBHOOK_URL", "http://127.0.0.1:" + laravelPort + WEBHOOK);
    settings.put("RELAY_WEBHOOK_SECRETS", LaravelProcess.WEBHOOK_SECRETS.split(",")[1]);
    return new Stage("http", "jwt", laravelPort, settings);
  }

  /** A stock Android client of this user, connected. */
  Phone phone(int user, String... events) {
    return phone(relay.socketUrl(), user, events);
  }

  /** As {@link #phone}, by another way to the relay. */
  Phone phone(URI url, int user, String... events) {
    Phone phone = phone(url, socketToken(user), List.of(events));
    Ears.connect(phone, Phone.Transports.UPGRADE);
    return phone;
  }

  /** A stock Android client with this token, not yet connected. */
  Phone stranger(String token) {
    return phone(relay.socketUrl(), token, List.of());
  }

  private static Phone phone(URI url, String token, List<String> events) {
    return PhoneKind.OKHTTP_3.make(
        url.toString(), Phone.Transports.UPGRADE, Map.of("token", token), events);
  }

  /** The caller calls; the call's id. */
  String ring() {
    var form = Map.of("receiver_id", Integer.toString(CALLEE));
    return json(201, laravel.post(CALLER, "/api/calls", form)).path("id").asString();
  }

  /** The callee taps Reject; what Laravel answers her. */
  JsonNode reject(String call) {
    return json(200, laravel.post(CALLEE, "/api/calls/" + call + "/reject", Map.of()));
  }

  /** What the caller's app polls when the relay is down. */
  String status(String call) {
    return json(200, laravel.get(CALLER, "/api/calls/" + call)).path("status").asString();
  }

  private String socketToken(int user) {
    return auth.equals("laravel")
        ? laravel.token(user)
        : json(200, laravel.get(user, "/api/socket-token")).path("token").asString();
  }

  private JsonNode json(int status, HttpResponse<String> reply) {
    assertEquals(status, reply.statusCode(), () -> reply.body() + laravel.log());
    return JsonMapper.shared().readTree(reply.body());
  }

  @Override
  public void close() {
    relay.close();
    laravel.close();
    redis.close();
  }
}
