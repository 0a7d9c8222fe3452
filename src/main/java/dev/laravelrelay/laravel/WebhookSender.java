package dev.laravelrelay.laravel;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.laravelrelay.config.Credentials;
import dev.laravelrelay.config.Secret;
import dev.laravelrelay.config.WebhookConfig;
import dev.laravelrelay.delivery.Notice;
import dev.laravelrelay.delivery.WebhookQueue.Queued;
import dev.laravelrelay.metrics.RelayMetrics;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/**
 * Posts notices to Laravel, signed: HTTP/1.1, never following a redirect, within {@link #TIMEOUT}.
 * A user and a password in the URL go as HTTP Basic (RFC 7617), and are in no text. Blocks; to be
 * called on virtual threads.
 */
final class WebhookSender implements AutoCloseable {

  /** How long Laravel may take for the whole answer. */
  static final Duration TIMEOUT = Duration.ofSeconds(10);

  /** The largest answer that is read, in bytes; what is larger says nothing. */
  static final int MAX_REPLY = 1 << 20;

  /** What came of a request. */
  sealed interface Result {

    /** Laravel has them. */
    record Heard(WebhookReply reply) implements Result {}

    /** Laravel is there, and did not take them. */
    record Refused(String why) implements Result {}

    /**
     * Laravel is not there, or has no time for anybody.
     *
     * @param hung whether it took the request and never answered: that may be the request's fault
     */
    record Away(String why, boolean hung) implements Result {}
  }

  private final URI url;
  private final Optional<Secret> authorization;
  private final Secret secret;
  private final RelayMetrics metrics;
  private final InstantSource clock;
  private final HttpClient http;

  WebhookSender(
      URI url, WebhookConfig config, RelayMetrics metrics, InstantSource clock, Executor threads) {
    this.url = Credentials.without(url);
    this.authorization = Optional.ofNullable(url.getUserInfo()).map(WebhookSender::basic);
    this.secret = config.secrets().getFirst();
    this.metrics = metrics;
    this.clock = clock;
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(TIMEOUT)
            .executor(threads)
            .build();
  }

  Result send(List<Queued> notices) throws InterruptedException {
    Result result = post(request(body(notices)));
    metrics.webhookAttempt(
        switch (result) {
          case Result.Heard _ -> "delivered";
          case Result.Refused _ -> "refused";
          case Result.Away _ -> "unavailable";
        });
    return result;
  }

  private static Secret basic(String credentials) {
    return new Secret("Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(UTF_8)));
  }

  private HttpRequest request(byte[] body) {
    long timestamp = clock.millis() / 1000;
    HttpRequest.Builder request = HttpRequest.newBuilder(url);
    authorization.ifPresent(basic -> request.header("Authorization", basic.reveal()));
    return request
        .header("Content-Type", "application/json")
        .header("Accept", "application/json")
        .header("User-Agent", "laravel-relay")
        .header("X-Relay-Timestamp", Long.toString(timestamp))
        .header("X-Relay-Signature", WebhookSignature.of(secret, timestamp, body))
        .timeout(TIMEOUT)
        .POST(BodyPublishers.ofByteArray(body))
        .build();
  }

  private Result post(HttpRequest request) throws InterruptedException {
    CompletableFuture<HttpResponse<Optional<byte[]>>> sent =
        http.sendAsync(request, answer -> new BoundedBody(MAX_REPLY));
    try {
      HttpResponse<Optional<byte[]>> response = sent.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      int status = response.statusCode();
      if (status >= 200 && status < 300) {
        return new Result.Heard(
            response.body().map(WebhookReply::of).orElseGet(WebhookReply::tooLarge));
      }
      boolean away = status == 429 || status == 502 || status == 503 || status == 504;
      return away
          ? new Result.Away("Laravel answers " + status, false)
          : new Result.Refused("Laravel answers " + status);
    } catch (ExecutionException e) {
      boolean hung =
          e.getCause() instanceof HttpTimeoutException
              && !(e.getCause() instanceof HttpConnectTimeoutException);
      return new Result.Away("Laravel cannot be asked: " + e.getCause(), hung);
    } catch (TimeoutException | CancellationException e) {
      return new Result.Away("no answer within " + TIMEOUT.toSeconds() + " s", true);
    } finally {
      sent.cancel(true); // a body that drips in is not covered by the request's own time-out
    }
  }

  private static byte[] body(List<Queued> notices) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
    try (JsonGenerator out = JsonMapper.shared().createGenerator(bytes)) {
      out.writeStartObject();
      out.writeArrayPropertyStart("events");
      notices.forEach(queued -> write(queued.notice(), out));
      out.writeEndArray();
      out.writeEndObject();
    }
    return bytes.toByteArray();
  }

  private static void write(Notice notice, JsonGenerator out) {
    out.writeStartObject();
    out.writeStringProperty("id", notice.id());
    out.writeStringProperty("type", notice.kind().lowerCase());
    out.writeNumberProperty("occurred_at", notice.occurredAt());
    out.writeName("data");
    out.writeRawValue(new String(notice.data().toBytes(), UTF_8));
    out.writeEndObject();
  }

  @Override
  public void close() {
    http.shutdownNow();
    http.close();
  }
}
