package dev.laravelrelay.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ch.qos.logback.classic.Level;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import dev.laravelrelay.auth.Authenticator.Identity;
import dev.laravelrelay.auth.Authenticator.Identity.Known;
import dev.laravelrelay.auth.Authenticator.Identity.Refused;
import dev.laravelrelay.auth.Authenticator.Identity.Unknown;
import dev.laravelrelay.testing.LogCapture;
import dev.laravelrelay.testing.LoopbackHttp;
import java.net.URI;
import java.security.KeyPair;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class JwksTokensTest {

  private static final KeyPair OLD = Jwts.keys("RSA", 2048);
  private static final KeyPair NEW = Jwts.keys("RSA", 2048);
  private static final KeyPair EC = Jwts.keys("EC", 256);
  private static final Known USER = new Known("7", Long.MAX_VALUE);
  private static final String CLAIMS = "{\"sub\":7}";

  private LoopbackHttp server;
  private JwtAuthenticator authenticator;

  @BeforeEach
  void start() throws Exception {
    server = new LoopbackHttp(keys(rsa("old", OLD)));
    authenticator =
        new JwtAuthenticator(Jwts.withJwks(server.url().resolve("/jwks")), Clock.systemUTC());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static RSAKey rsa(String id, KeyPair pair) {
    return new RSAKey.Builder((RSAPublicKey) pair.getPublic()).keyID(id).build();
  }

  private static ECKey ec(String id, KeyPair pair) {
    return new ECKey.Builder(Curve.P_256, (ECPublicKey) pair.getPublic()).keyID(id).build();
  }

  private static LoopbackHttp.Reply keys(JWK... keys) {
    return LoopbackHttp.json(200, new JWKSet(List.of(keys)).toString());
  }

  private static String token(String keyId, KeyPair pair) throws Exception {
    return Jwts.sign(JWSAlgorithm.RS256, keyId, new RSASSASigner(pair.getPrivate()), CLAIMS);
  }

  private JwtAuthenticator with(JwksKeys.Timing timing) {
    URI url = server.url().resolve("/jwks");
    return new JwtAuthenticator(new JwksKeys(url, timing), Jwts.withJwks(url), Clock.systemUTC());
  }

  @Test
  void aKeyOfTheSetIsGoodAndTheSetIsFetchedOnce() throws Exception {
    for (int i = 0; i < 5; i++) {
      assertEquals(USER, Jwts.ask(authenticator, token("old", OLD)));
    }
    assertEquals(1, server.requests().size());
    assertEquals("/jwks", server.requests().getFirst().path());
  }

  @Test
  void aTokenWithoutAKeyIdMayBeOfAnyKey() throws Exception {
    server.answer(keys(rsa("old", OLD), rsa("new", NEW)));
    String token = Jwts.sign(JWSAlgorithm.RS256, null, new RSASSASigner(NEW.getPrivate()), CLAIMS);
    assertEquals(USER, Jwts.ask(authenticator, token));
  }

  @Test
  void es256IsGoodToo() throws Exception {
    server.answer(keys(rsa("old", OLD), ec("curve", EC)));
    ECDSASigner signer = new ECDSASigner((ECPrivateKey) EC.getPrivate());
    assertEquals(
        USER, Jwts.ask(authenticator, Jwts.sign(JWSAlgorithm.ES256, "curve", signer, CLAIMS)));
  }

  @Test
  void theSetIsFetchedAgainForANewKey() throws Exception {
    assertEquals(USER, Jwts.ask(authenticator, token("old", OLD)));
    server.answer(keys(rsa("old", OLD), rsa("new", NEW)));
    assertEquals(USER, Jwts.ask(authenticator, token("new", NEW)));
    assertEquals(USER, Jwts.ask(authenticator, token("old", OLD)));
    assertEquals(2, server.requests().size());
  }

  @Test
  void aKeyThatTheSetDoesNotHaveIsRefused() throws Exception {
    assertEquals(Refused.INVALID, Jwts.ask(authenticator, token("new", NEW)));
  }

  @Test
  void inventedKeyIdsDoNotBecomeAStormOfFetches() throws Exception {
    assertEquals(USER, Jwts.ask(authenticator, token("old", OLD)));
    for (int i = 0; i < 20; i++) {
      Identity identity = Jwts.ask(authenticator, token("invented" + i, NEW));
      assertFalse(identity instanceof Known, identity.toString());
    }
    assertEquals(2, server.requests().size());
    assertEquals(USER, Jwts.ask(authenticator, token("old", OLD)));
  }

  @Test
  void anotherKeyUnderAKnownIdIsRefused() throws Exception {
    assertEquals(Refused.INVALID, Jwts.ask(authenticator, token("old", NEW)));
  }

  @Test
  void anAlgorithmThatIsNotOursIsRefusedWithoutAFetch() throws Exception {
    byte[] publicKey = OLD.getPublic().getEncoded();
    String forged = Jwts.sign(JWSAlgorithm.HS256, "old", new MACSigner(publicKey), CLAIMS);
    RSASSASigner signer = new RSASSASigner(OLD.getPrivate());
    String other = Jwts.sign(JWSAlgorithm.PS256, "old", signer, CLAIMS);
    assertEquals(Refused.INVALID, Jwts.ask(authenticator, forged));
    assertEquals(Refused.INVALID, Jwts.ask(authenticator, other));
    assertEquals(0, server.requests().size());
  }

  @Test
  void aKeyForEncryptionSignsNothing() throws Exception {
    RSAKey key = new RSAKey.Builder(rsa("old", OLD)).keyUse(KeyUse.ENCRYPTION).build();
    server.answer(keys(key));
    assertEquals(Refused.INVALID, Jwts.ask(authenticator, token("old", OLD)));
  }

  @Test
  void whileTheSetCannotBeHadNothingIsKnown() throws Exception {
    server.answer(LoopbackHttp.json(500, "{}"));
    assertEquals(Unknown.UNAVAILABLE, Jwts.ask(authenticator, token("old", OLD)));
    server.answer(LoopbackHttp.reply(200, "text/html", "<html>"));
    JwtAuthenticator garbled = with(JwksKeys.Timing.DEFAULT);
    assertEquals(Unknown.UNAVAILABLE, Jwts.ask(garbled, token("old", OLD)));
    server.answer(LoopbackHttp.json(200, " ".repeat(70_000)));
    JwtAuthenticator oversized = with(JwksKeys.Timing.DEFAULT);
    assertEquals(Unknown.UNAVAILABLE, Jwts.ask(oversized, token("old", OLD)));
    server.close();
    JwtAuthenticator refused = with(JwksKeys.Timing.DEFAULT);
    assertEquals(Unknown.UNAVAILABLE, Jwts.ask(refused, token("old", OLD)));
  }

  @Test
  void anOutageDoesNotTouchTheKeysThatAreKnown() throws Exception {
    assertEquals(USER, Jwts.ask(authenticator, token("old", OLD)));
    server.close();
    assertEquals(USER, Jwts.ask(authenticator, token("old", OLD)));
    assertEquals(Unknown.UNAVAILABLE, Jwts.ask(authenticator, token("new", NEW)));
  }

  @Test
  void theLastSetOutlivesItsTimeDuringAnOutageAndBothAreSaidOnce() throws Exception {
    Duration tick = Duration.ofMillis(1);
    JwtAuthenticator hasty = with(new JwksKeys.Timing(tick, Duration.ZERO, Duration.ofDays(1)));
    try (LogCapture log = new LogCapture("dev.laravelrelay.auth")) {
      assertEquals(USER, Jwts.ask(hasty, token("old", OLD)));
      server.answer(LoopbackHttp.json(503, "{}"));
      Awaitility.await()
          .until(
              () -> {
                assertEquals(USER, Jwts.ask(hasty, token("old", OLD)));
                return server.requests().size() >= 5;
              });
      assertEquals(1, log.messages(Level.WARN).size(), log.text());
      server.answer(keys(rsa("old", OLD)));
      Awaitility.await()
          .until(
              () -> {
                assertEquals(USER, Jwts.ask(hasty, token("old", OLD)));
                return log.messages(Level.INFO).size() == 1;
              });
      assertFalse(log.text().contains(token("old", OLD)), log.text());
    }
  }

  @Test
  void aFetchThatHangsHoldsNoCallerAndIsSharedByAll() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    LoopbackHttp.Reply reply = keys(rsa("old", OLD));
    server.answer(
        exchange -> {
          release.await();
          reply.to(exchange);
        });
    String token = token("old", OLD);
    List<CompletableFuture<Identity>> waiting =
        IntStream.range(0, 50)
            .mapToObj(i -> authenticator.authenticate(token).toCompletableFuture())
            .toList();
    assertFalse(waiting.stream().anyMatch(CompletableFuture::isDone));
    release.countDown();
    for (CompletableFuture<Identity> one : waiting) {
      assertEquals(USER, one.get(10, TimeUnit.SECONDS));
    }
    assertEquals(1, server.requests().size());
  }

  @Test
  void onlyHttpAndHttpsAreTaken() {
    for (String url : List.of("file:///etc/passwd", "ftp://x/y", "jwks")) {
      assertThrows(
          IllegalArgumentException.class,
          () -> new JwtAuthenticator(Jwts.withJwks(URI.create(url)), Clock.systemUTC()));
    }
  }
}
