package dev.laravelrelay.laravel;

import dev.laravelrelay.auth.ChannelAuthorizer;
import dev.laravelrelay.auth.UserId;
import dev.laravelrelay.config.LaravelConfig;
import dev.laravelrelay.event.ChannelName;
import dev.laravelrelay.laravel.LaravelClient.Answer;
import dev.laravelrelay.metrics.RelayMetrics;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Asks Laravel whether a client may join a channel ({@code POST /broadcasting/auth}). Understands
 * the answers of Laravel's redis and pusher broadcasters. A 200 that is neither (a single-page app
 * answers so to everything, Laravel's log and null broadcasters with nothing) admits nobody. Safe
 * from any thread; never blocks; never throws. Nothing is cached: a client asks once per channel.
 */
public final class ChannelAuth implements ChannelAuthorizer {

  private static final Authorization JOINED = new Authorization.Granted("");
  private static final Authorization REFUSED = new Authorization.Refused();
  private static final Authorization UNAVAILABLE = new Authorization.Unavailable();

  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();

  private final LaravelClient laravel;
  private final String path;
  private final RelayMetrics metrics;

  public ChannelAuth(LaravelConfig config, LaravelClient laravel, RelayMetrics metrics) {
    this.laravel = laravel;
    this.path = config.channelAuthPath();
    this.metrics = metrics;
  }

  /** Asks; for a public channel the answer is known. */
  @Override
  public CompletionStage<Authorization> authorize(String token, String channel, String socketId) {
    if (!ChannelName.isValid(channel)) {
      return CompletableFuture.completedStage(REFUSED);
    }
    if (!ChannelName.kind(channel).needsAuthorization()) {
      return CompletableFuture.completedStage(JOINED);
    }
    if (!LaravelClient.canSend(token)) {
      return CompletableFuture.completedStage(REFUSED);
    }
    String form = "channel_name=" + encode(channel) + "&socket_id=" + encode(socketId);
    HttpRequest request =
        laravel
            .request(path, token)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(BodyPublishers.ofString(form))
            .build();
    return laravel.ask(request).thenApply(answer -> authorization(request, channel, answer));
  }

  private static String encode(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8);
  }

  private Authorization authorization(HttpRequest request, String channel, Answer answer) {
    Authorization authorization =
        switch (answer) {
          case Answer.Replied(int status, String body) when status == 200 ->
              read(body, ChannelName.kind(channel))
                  .orElseGet(() -> unavailable(request, "a 200 that no broadcaster gives"));
          case Answer.Replied(int status, String body) when status == 401 || status == 403 ->
              REFUSED;
          case Answer.Replied(int status, String body) -> unavailable(request, "status " + status);
          case Answer.Silent(String why) -> unavailable(request, why);
        };
    switch (authorization) {
      case Authorization.Granted granted -> worked(request, "granted");
      case Authorization.Refused refused -> worked(request, "refused");
      case Authorization.Unavailable unavailable -> metrics.laravelAsked("channel", "unavailable");
    }
    return authorization;
  }

  private void worked(HttpRequest request, String result) {
    laravel.worked(request);
    metrics.laravelAsked("channel", result);
  }

  private Authorization unavailable(HttpRequest request, String why) {
    laravel.failed(request, why);
    return UNAVAILABLE;
  }

  /**
   * Redis: {@code true}, or {@code {"channel_data":{…}}}. Pusher: {@code {"auth":"…"}}, for a
   * presence channel with {@code "channel_data"} as a string of JSON.
   */
  private static Optional<Authorization> read(String body, ChannelName.Kind kind) {
    try {
      JsonNode reply = JSON.readTree(body);
      if (reply.isBoolean()) {
        return Optional.of(reply.booleanValue() ? JOINED : REFUSED);
      }
      JsonNode data = reply.path("channel_data");
      if (data.isMissingNode()) {
        return reply.path("auth").isString() ? Optional.of(JOINED) : Optional.empty();
      }
      if (kind != ChannelName.Kind.PRESENCE) {
        return Optional.of(JOINED);
      }
      return memberInfo(data.isString() ? JSON.readTree(data.stringValue()) : data)
          .map(Authorization.Granted::new);
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }

  private static Optional<String> memberInfo(JsonNode data) {
    return UserId.of(data.path("user_id"))
        .map(
            user -> {
              ObjectNode member = JSON.createObjectNode().put("user_id", user);
              JsonNode info = data.path("user_info");
              member.set("user_info", info.isMissingNode() ? JSON.createObjectNode() : info);
              return JSON.writeValueAsString(member);
            });
  }
}
