package dev.laravelrelay.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.crypto.factories.DefaultJWSVerifierFactory;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSetSourceWrapper;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.jwk.source.RetryingJWKSetSource;
import com.nimbusds.jose.jwk.source.URLBasedJWKSetSource;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.JWSVerifierFactory;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.security.Key;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys that an identity server publishes as a JWK set (RFC 7517), for RS256 and ES256.
 *
 * <p>The set is kept for five minutes, and fetched anew for a key id that is not in it, at most
 * twice in 30 seconds; while it cannot be fetched, the last one is good for a day. A key that
 * nobody can be asked for is {@link Check#UNKNOWN}, not bad. Each check runs on a virtual thread,
 * since it may have to wait for a fetch: 2 s to connect, 3 s to read, 64 KiB, one retry.
 */
final class JwksKeys implements TokenKeys {

  private static final Logger log = LoggerFactory.getLogger(JwksKeys.class);

  private static final Set<JWSAlgorithm> ALGORITHMS =
      Set.of(JWSAlgorithm.RS256, JWSAlgorithm.ES256);
  private static final int CONNECT_MILLIS = 2_000;
  private static final int READ_MILLIS = 3_000;
  private static final int MAX_BYTES = 64 * 1024;
  private static final long LOCK_MILLIS = 12_000;

  /** How long things last; other than {@link #DEFAULT} in tests only. */
  record Timing(Duration keep, Duration minInterval, Duration outage) {
    static final Timing DEFAULT =
        new Timing(Duration.ofMinutes(5), Duration.ofSeconds(30), Duration.ofDays(1));
  }

  private final URI url;
  private final AtomicBoolean failing = new AtomicBoolean();
  private final JWSVerifierFactory verifiers = new DefaultJWSVerifierFactory();
  private final JWSVerificationKeySelector<SecurityContext> selector;

  JwksKeys(URI url, Timing timing) {
    this.url = url;
    String scheme = url.getScheme();
    if (!"https".equals(scheme) && !"http".equals(scheme)) {
      throw new IllegalArgumentException("the JWKS URL must begin with https:// or http://");
    }
    try {
      selector =
          new JWSVerificationKeySelector<>(
              ALGORITHMS,
              JWKSourceBuilder.create(new Fetch(url.toURL()))
                  .cache(timing.keep.toMillis(), LOCK_MILLIS)
                  .refreshAheadCache(false)
                  .rateLimited(timing.minInterval.toMillis())
                  .outageTolerant(timing.outage.toMillis())
                  .build());
    } catch (MalformedURLException | IllegalArgumentException e) {
      throw new IllegalArgumentException("the JWKS URL is not one", e);
    }
  }

  @Override
  public CompletionStage<Check> check(JWSObject token) {
    if (!ALGORITHMS.contains(token.getHeader().getAlgorithm())) {
      return CompletableFuture.completedStage(Check.BAD);
    }
    CompletableFuture<Check> check = new CompletableFuture<>();
    Thread.ofVirtual().name("jwks-check").start(() -> check.complete(blockingCheck(token)));
    return check;
  }

  private Check blockingCheck(JWSObject token) {
    try {
      List<Key> keys = selector.selectJWSKeys(token.getHeader(), null);
      if (keys.isEmpty() && failing.get()) {
        return Check.UNKNOWN; // it may be in the set that could not be fetched
      }
      return keys.stream().anyMatch(key -> isSigned(token, key)) ? Check.GOOD : Check.BAD;
    } catch (KeySourceException e) {
      log.debug("no key for a token: {}", e.getMessage());
      return Check.UNKNOWN;
    } catch (RuntimeException e) {
      log.error("checking a token with the keys of {} failed", url.getHost(), e);
      return Check.UNKNOWN;
    }
  }

  private boolean isSigned(JWSObject token, Key key) {
    try {
      return token.verify(verifiers.createJWSVerifier(token.getHeader(), key));
    } catch (JOSEException e) {
      return false; // a key or a signature that does not fit the algorithm
    }
  }

  /** Fetches, with one retry, and says in the log when that begins to fail and works again. */
  private final class Fetch extends JWKSetSourceWrapper<SecurityContext> {

    Fetch(URL from) {
      super(
          new RetryingJWKSetSource<>(
              new URLBasedJWKSetSource<>(
                  from, new DefaultResourceRetriever(CONNECT_MILLIS, READ_MILLIS, MAX_BYTES)),
              null));
    }

    @Override
    public JWKSet getJWKSet(
        JWKSetCacheRefreshEvaluator evaluator, long now, @Nullable SecurityContext context)
        throws KeySourceException {
      try {
        JWKSet keys = getSource().getJWKSet(evaluator, now, context);
        if (failing.getAndSet(false)) {
          log.info("the keys of {} can be fetched again", url.getHost());
        }
        return keys;
      } catch (KeySourceException e) {
        if (!failing.getAndSet(true)) {
          log.warn("the keys of {} cannot be fetched: {}", url.getHost(), e.toString());
        }
        throw e;
      }
    }
  }
}
