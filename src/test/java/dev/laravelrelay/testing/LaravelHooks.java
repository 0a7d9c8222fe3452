package dev.laravelrelay.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.laravelrelay.config.Secret;
import dev.laravelrelay.config.WebhookConfig;
import java.io.IOException;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A Laravel that takes webhooks on loopback, and checks each signature as its developer would. */
public final class LaravelHooks implements AutoCloseable {

  public static final String SECRET = "s".repeat(32);

  private final LoopbackHttp http;

  public LaravelHooks() throws IOException {
    http = new LoopbackHttp(LoopbackHttp.json(200, "{}"));
  }

  /** Settings with this Laravel. */
  public WebhookConfig config(Duration grace, String... clientEvents) {
    return new WebhookConfig(
        Optional.of(url()),
        List.of(new Secret(SECRET), new Secret("o".repeat(32))),
        10_000,
        grace,
        List.of(clientEvents),
        20,
        50,
        30);
  }

  public URI url() {
    return http.url().resolve("/relay/webhook");
  }

  /** Answers so from now on. */
  public void answer(LoopbackHttp.Reply reply) {
    http.answer(reply);
  }

  public List<LoopbackHttp.Request> requests() {
    return http.requests();
  }

  /** The events of this type in all requests so far, in order. */
  public List<JsonNode> events(String type) {
    List<JsonNode> events = new ArrayList<>();
    for (LoopbackHttp.Request request : http.requests()) {
      if (!isSigned(request)) {
        throw new AssertionError("not signed: " + request);
      }
      eventsOf(request).stream()
          .filter(event -> event.get("type").asString().equals(type))
          .forEach(events::add);
    }
    return events;
  }

  /** The events of one request, in order. */
  public static List<JsonNode> eventsOf(LoopbackHttp.Request request) {
    JsonNode body = JsonMapper.shared().readTree(request.body());
    return StreamSupport.stream(body.get("events").spliterator(), false).toList();
  }

  /** Waits for this many events of the type. */
  public List<JsonNode> await(String type, int count) {
    Awaitility.await(type + " number " + count)
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(5))
        .until(() -> events(type).size() >= count);
    return events(type);
  }

  /** {@code hash_equals('v1='.hash_hmac('sha256', "$timestamp.$body", $secret), $signature)}. */
  private static boolean isSigned(LoopbackHttp.Request request) {
    String timestamp = request.headers().getOrDefault("x-relay-timestamp", "0");
    long age = System.currentTimeMillis() / 1000 - Long.parseLong(timestamp);
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(SECRET.getBytes(UTF_8), "HmacSHA256"));
      byte[] expected = mac.doFinal((timestamp + "." + request.body()).getBytes(UTF_8));
      return Math.abs(age) < 300
          && ("v1=" + HexFormat.of().formatHex(expected))
              .equals(request.headers().get("x-relay-signature"));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
