package dev.laravelrelay.laravel;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.laravelrelay.auth.Authenticator;
import dev.laravelrelay.auth.LoggedOut;
import dev.laravelrelay.auth.Sha256;
import dev.laravelrelay.auth.UserId;
import dev.laravelrelay.config.AuthConfig;
import dev.laravelrelay.laravel.LaravelClient.Answer;
import dev.laravelrelay.metrics.RelayMetrics;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;

/**
 * Asks Laravel whose token it is ({@code GET /api/user}): for opaque tokens, as Sanctum's are.
 *
 * <p>An answer is believed for {@code cacheFor}, a refusal for at most {@link #REFUSAL_FOR}, and
 * found by the token's SHA-256: the tokens themselves are not kept. Those who ask for the same
 * token at once share one request. 401 and 403 refuse; what is neither these nor a user is {@link
 * Identity.Unknown}, and not remembered. What Laravel said before it logged a user out is not
 * believed any more. Completes at once from the cache, else on a virtual thread.
 */
public final class TokenIntrospection implements Authenticator {

  /** How long a refusal is believed, unless {@code cacheFor} is shorter. */
  public static final Duration REFUSAL_FOR = Duration.ofSeconds(10);

  /** How many tokens are remembered; the least useful go first. */
  public static final int MAX_TOKENS = 100_000;

  private static final ObjectMapper JSON = JsonMapper.shared();

  private final LaravelClient laravel;
  private final String path;
  private final LoggedOut loggedOut;
  private final RelayMetrics metrics;
  private final AsyncCache<String, Found> identities;

  /**
   * @param askedAt by {@link LoggedOut#now}
   */
  private record Found(Identity identity, long askedAt) {}

  public TokenIntrospection(
      AuthConfig config, LaravelClient laravel, LoggedOut loggedOut, RelayMetrics metrics) {
    this(config, laravel, loggedOut, metrics, Ticker.systemTicker());
  }

  TokenIntrospection(
      AuthConfig config,
      LaravelClient laravel,
      LoggedOut loggedOut,
      RelayMetrics metrics,
      Ticker ticker) {
    this.laravel = laravel;
    this.loggedOut = loggedOut;
    this.path = config.introspectionPath();
    this.metrics = metrics;
    Duration cacheFor = config.cacheFor();
    this.identities =
        Caffeine.newBuilder()
            .maximumSize(MAX_TOKENS)
            .expireAfter(
                Expiry.<String, Found>creating((hash, found) -> ttl(found.identity(), cacheFor)))
            .ticker(ticker)
            .buildAsync();
  }

  private static Duration ttl(Identity identity, Duration cacheFor) {
    return switch (identity) {
      case Identity.Known known -> cacheFor;
      case Identity.Refused refused -> REFUSAL_FOR.compareTo(cacheFor) < 0 ? REFUSAL_FOR : cacheFor;
      case Identity.Unknown unknown -> Duration.ZERO;
    };
  }

  @Override
  public CompletionStage<Identity> authenticate(String token) {
    if (token.isEmpty()) {
      return CompletableFuture.completedStage(Identity.Refused.MISSING);
    }
    if (!LaravelClient.canSend(token)) {
      return CompletableFuture.completedStage(Identity.Refused.INVALID);
    }
    byte[] hash = Sha256.of(token.getBytes(StandardCharsets.UTF_8));
    return find(HexFormat.of().formatHex(hash), token);
  }

  private CompletableFuture<Identity> find(String hash, String token) {
    CompletableFuture<Found> found = identities.get(hash, (key, executor) -> ask(token));
    return found.thenCompose(
        now -> {
          if (now.identity() instanceof Identity.Known known
              && loggedOut.since(now.askedAt(), known.user())) {
            identities.asMap().remove(hash, found);
            return find(hash, token);
          }
          return CompletableFuture.completedFuture(now.identity());
        });
  }

  private CompletableFuture<Found> ask(String token) {
    long askedAt = loggedOut.now();
    HttpRequest request = laravel.request(path, token).GET().build();
    return laravel.ask(request).thenApply(answer -> new Found(identity(request, answer), askedAt));
  }

  private Identity identity(HttpRequest request, Answer answer) {
    Identity identity =
        switch (answer) {
          case Answer.Replied(int status, String body) when status == 200 ->
              user(body)
                  .<Identity>map(user -> new Identity.Known(user, Long.MAX_VALUE))
                  .orElseGet(() -> unknown(request, "a 200 without a user's id"));
          case Answer.Replied(int status, String body) when status == 401 || status == 403 ->
              Identity.Refused.INVALID;
          case Answer.Replied(int status, String body) -> unknown(request, "status " + status);
          case Answer.Silent(String why) -> unknown(request, why);
        };
    switch (identity) {
      case Identity.Known known -> worked(request, "known");
      case Identity.Refused refused -> worked(request, "refused");
      case Identity.Unknown unknown -> metrics.laravelAsked("user", "unavailable");
    }
    return identity;
  }

  private void worked(HttpRequest request, String result) {
    laravel.worked(request);
    metrics.laravelAsked("user", result);
  }

  private Identity unknown(HttpRequest request, String why) {
    laravel.failed(request, why);
    return Identity.Unknown.UNAVAILABLE;
  }

  /** The user's {@code id}, also where an API resource wraps it in {@code data}. */
  private static Optional<String> user(String body) {
    try {
      JsonNode user = JSON.readTree(body);
      return UserId.of(user.has("id") ? user.path("id") : user.path("data").path("id"));
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }
}
