package dev.laravelrelay.auth;

import com.nimbusds.jose.JWSObject;
import dev.laravelrelay.config.AuthConfig;
import java.text.ParseException;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;

/**
 * Checks tokens that Laravel signed (RFC 7515, RFC 7519), without asking it. The configured key
 * decides which algorithm is accepted (RFC 8725 section 3.1): a secret HS256, a public key RS256 or
 * ES256, a JWKS URL both of these. With a secret or a public key it answers on the caller's thread;
 * with a JWKS URL on a virtual one. Says nothing of log-outs: they are not in the token.
 */
public final class JwtAuthenticator implements Authenticator {

  /** Longer tokens are refused unread, in characters. */
  static final int MAX_TOKEN = 8192;

  private final TokenKeys keys;
  private final JwtClaims claims;
  private final Clock clock;

  /**
   * Reads the key from the settings.
   *
   * @throws IllegalArgumentException with a sentence for the operator, if there is not exactly one
   *     key, or it does not fit its algorithm
   */
  public JwtAuthenticator(AuthConfig config, Clock clock) {
    this(keys(config), config, clock);
  }

  JwtAuthenticator(TokenKeys keys, AuthConfig config, Clock clock) {
    this.keys = keys;
    this.claims = new JwtClaims(config.clockSkew());
    this.clock = clock;
  }

  private static TokenKeys keys(AuthConfig config) {
    Optional<TokenKeys> secret = config.jwtSecret().map(FixedKey::secret);
    Optional<TokenKeys> pem = config.jwtPublicKey().map(PemKey::read).map(FixedKey::publicKey);
    Optional<TokenKeys> jwks =
        config.jwksUrl().map(url -> new JwksKeys(url, JwksKeys.Timing.DEFAULT));
    return Stream.of(secret, pem, jwks)
        .flatMap(Optional::stream)
        .reduce(
            (one, other) -> {
              throw notOne();
            })
        .orElseThrow(JwtAuthenticator::notOne);
  }

  /** What is wrong with the public key, as a sentence for the operator without the value. */
  public static Optional<String> publicKeyProblem(AuthConfig config) {
    try {
      config.jwtPublicKey().map(PemKey::read).ifPresent(FixedKey::publicKey);
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.of("RELAY_JWT_PUBLIC_KEY is of no use: " + e.getMessage() + ".");
    }
  }

  private static IllegalArgumentException notOne() {
    return new IllegalArgumentException(
        "to check JWTs, give exactly one of JWT secret, JWT public key and JWKS URL");
  }

  @Override
  public CompletionStage<Identity> authenticate(String token) {
    if (token.isEmpty()) {
      return CompletableFuture.completedStage(Identity.Refused.MISSING);
    }
    return parse(token)
        .map(this::check)
        .orElseGet(() -> CompletableFuture.completedStage(Identity.Refused.INVALID));
  }

  private CompletionStage<Identity> check(JWSObject token) {
    return keys.check(token)
        .thenApply(
            check ->
                switch (check) {
                  case GOOD -> claims.read(token.getPayload().toBytes(), clock.millis());
                  case BAD -> Identity.Refused.INVALID;
                  case UNKNOWN -> Identity.Unknown.UNAVAILABLE;
                });
  }

  private static Optional<JWSObject> parse(String token) {
    if (token.length() > MAX_TOKEN) {
      return Optional.empty();
    }
    try {
      return Optional.of(JWSObject.parse(token));
    } catch (ParseException | RuntimeException e) {
      return Optional.empty(); // the library throws both on malformed headers
    }
  }
}
