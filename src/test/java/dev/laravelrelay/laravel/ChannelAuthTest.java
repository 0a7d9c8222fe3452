package dev.laravelrelay.laravel;

import static dev.laravelrelay.testing.LoopbackHttp.json;
import static dev.laravelrelay.testing.LoopbackHttp.reply;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import ch.qos.logback.classic.Level;
import dev.laravelrelay.auth.ChannelAuthorizer.Authorization;
import dev.laravelrelay.auth.ChannelAuthorizer.Authorization.Granted;
import dev.laravelrelay.auth.ChannelAuthorizer.Authorization.Refused;
import dev.laravelrelay.auth.ChannelAuthorizer.Authorization.Unavailable;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.testing.LogCapture;
import dev.laravelrelay.testing.LoopbackHttp;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class ChannelAuthTest {

  private static final String TOKEN = "1|secret-token-of-ann";
  private static final String PRIVATE = "private-orders.1";
  private static final String PRESENCE = "presence-room.1";

  private final RelayMetrics metrics = Asked.metrics();
  private LoopbackHttp server;
  private LaravelClient client;
  private ChannelAuth auth;

  @BeforeEach
  void start() throws Exception {
    server = new LoopbackHttp(reply(200, "text/html; charset=UTF-8", "true"));
    use(Asked.PATIENT);
  }

  private void use(Duration timeout) {
    if (client != null) {
      client.close();
    }
    client = new LaravelClient(Asked.laravel(server.url(), timeout));
    auth = new ChannelAuth(Asked.laravel(server.url(), timeout), client, metrics);
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  private Authorization ask(String channel) throws Exception {
    return Asked.get(auth.authorize(TOKEN, channel, "123.456"));
  }

  private Authorization ask(String channel, int status, String body) throws Exception {
    server.answer(reply(status, "text/html; charset=UTF-8", body));
    return ask(channel);
  }

  @Test
  void laravelIsAskedAsByAPusherClient() throws Exception {
    ask("presence-a_b=c@d,e.f;g");
    LoopbackHttp.Request request = server.requests().getFirst();
    assertEquals("POST", request.method());
    assertEquals("/broadcasting/auth", request.path());
    assertEquals("Bearer " + TOKEN, request.headers().get("authorization"));
    assertEquals("application/json", request.headers().get("accept"));
    assertEquals("application/x-www-form-urlencoded", request.headers().get("content-type"));
    assertEquals("channel_name=presence-a_b%3Dc%40d%2Ce.f%3Bg&socket_id=123.456", request.body());
  }

  @Test
  void theRedisBroadcasterSaysTrueForAPrivateChannel() throws Exception {
    assertEquals(new Granted(""), ask(PRIVATE, 200, "true"));
    assertEquals(1, Asked.count(metrics, "channel", "granted"));
  }

  @Test
  void theRedisBroadcasterGivesAMemberAsAnObject() throws Exception {
    String info = "{\"name\":\"Zo\\u00eb\",\"n\":1.10}";
    String body = "{\"channel_data\":{\"user_id\":1,\"user_info\":%s}}".formatted(info);
    assertEquals(
        new Granted("{\"user_id\":\"1\",\"user_info\":{\"name\":\"Zoë\",\"n\":1.10}}"),
        ask(PRESENCE, 200, body));
  }

  @Test
  void thePusherBroadcasterSignsForAPrivateChannel() throws Exception {
    assertEquals(new Granted(""), ask(PRIVATE, 200, "{\"auth\":\"app-key:0a1b2c\"}"));
  }

  @Test
  void thePusherBroadcasterGivesAMemberAsAString() throws Exception {
    String body =
        """
        {"auth":"app-key:0a1b",\
        "channel_data":"{\\"user_id\\":\\"1\\",\\"user_info\\":{\\"a\\":[]}}"}""";
    assertEquals(
        new Granted("{\"user_id\":\"1\",\"user_info\":{\"a\":[]}}"), ask(PRESENCE, 200, body));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"channel_data\":{\"user_id\":\"u-1\"}}|{\"user_id\":\"u-1\",\"user_info\":{}}",
        "{\"channel_data\":{\"user_id\":1,\"user_info\":[]}}|{\"user_id\":\"1\",\"user_info\":[]}",
        "{\"channel_data\":{\"user_id\":1,\"user_info\":7}}|{\"user_id\":\"1\",\"user_info\":7}",
        "{\"channel_data\":{\"x\":1,\"user_info\":null,\"user_id\":1}}"
            + "|{\"user_id\":\"1\",\"user_info\":null}",
      })
  void aMemberIsAlwaysAnIdAndItsInfo(String body, String member) throws Exception {
    assertEquals(new Granted(member), ask(PRESENCE, 200, body));
  }

  @Test
  void aMemberWithoutInfoMayJoinAPresenceChannel() throws Exception {
    assertEquals(new Granted(""), ask(PRESENCE, 200, "true"));
  }

  @Test
  void onlyAPresenceChannelHasMembers() throws Exception {
    assertEquals(
        new Granted(""), ask(PRIVATE, 200, "{\"channel_data\":{\"user_id\":1,\"user_info\":{}}}"));
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403})
  void laravelsNoIsARefusal(int status) throws Exception {
    assertEquals(new Refused(), ask(PRIVATE, status, "{\"message\":\"\"}"));
    assertEquals(1, Asked.count(metrics, "channel", "refused"));
  }

  @Test
  void falseIsARefusal() throws Exception {
    assertEquals(new Refused(), ask(PRIVATE, 200, "false"));
  }

  @ParameterizedTest
  @ValueSource(ints = {201, 302, 404, 419, 422, 429, 500, 503})
  void anyOtherStatusSaysNothing(int status) throws Exception {
    assertEquals(new Unavailable(), ask(PRIVATE, status, "true"));
    assertEquals(1, Asked.count(metrics, "channel", "unavailable"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "1",
        "\"true\"",
        "{}",
        "[]",
        "<!doctype html><div id=app></div>",
        "{\"auth\":null}",
        "{\"message\":\"ok\"}",
        "{\"channel_data\":\"{\"}",
        "true false"
      })
  void a200ThatNoBroadcasterGivesAdmitsNobody(String body) throws Exception {
    assertEquals(new Unavailable(), ask(PRIVATE, 200, body.replace("{\"channel_data", "{\"x")));
    assertEquals(new Unavailable(), ask(PRESENCE, 200, body));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"channel_data\":{}}",
        "{\"channel_data\":null}",
        "{\"channel_data\":{\"user_info\":{}}}",
        "{\"channel_data\":{\"user_id\":null}}",
        "{\"channel_data\":\"1\"}",
      })
  void aMemberWithoutAnIdIsNone(String body) throws Exception {
    assertEquals(new Unavailable(), ask(PRESENCE, 200, body));
  }

  @Test
  void noAnswerInTimeSaysNothing() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    server.answer(exchange -> never.await());
    use(Asked.HASTY);
    assertEquals(new Unavailable(), ask(PRIVATE));
  }

  @Test
  void anOversizedAnswerSaysNothing() throws Exception {
    String body = "{\"auth\":\"%s\"}".formatted("x".repeat(LaravelClient.MAX_BYTES));
    assertEquals(new Unavailable(), ask(PRIVATE, 200, body));
  }

  @Test
  void whatNeedsNoQuestionIsAnsweredWithoutOne() throws Exception {
    assertEquals(new Granted(""), ask("news"));
    assertEquals(new Refused(), ask("private-a b"));
    assertEquals(new Refused(), ask("private-" + "x".repeat(164)));
    assertEquals(new Refused(), Asked.get(auth.authorize("", PRIVATE, "1.2")));
    assertEquals(new Refused(), Asked.get(auth.authorize("a\r\nb", PRIVATE, "1.2")));
    assertEquals(0, server.requests().size());
  }

  @Test
  void aRefusalIsNotRemembered() throws Exception {
    assertEquals(new Refused(), ask(PRIVATE, 403, "{}"));
    assertEquals(new Granted(""), ask(PRIVATE, 200, "true"));
  }

  @Test
  void anOutageIsLoggedOnceAndWithoutTheToken() throws Exception {
    try (LogCapture log = new LogCapture("dev.laravelrelay.laravel")) {
      ask(PRIVATE, 302, "");
      ask(PRIVATE, 500, "");
      assertEquals(1, log.messages(Level.WARN).size(), log.text());
      assertFalse(log.text().contains("secret-token"), log.text());
    }
  }

  /** A JSON Content-Type is read like the text/html that Laravel's drivers send. */
  @Test
  void theContentTypeDoesNotMatter() throws Exception {
    server.answer(json(200, "true"));
    assertEquals(new Granted(""), ask(PRIVATE));
  }
}
