package dev.laravelrelay.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.crypto.MACSigner;
import dev.laravelrelay.auth.Authenticator.Identity;
import dev.laravelrelay.auth.Authenticator.Identity.Known;
import dev.laravelrelay.auth.Authenticator.Identity.Refused;
import dev.laravelrelay.config.AuthConfig;
import dev.laravelrelay.testing.LogCapture;
import dev.laravelrelay.testing.ManualClock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a token with Laravel's secret must say. The clock stands at 1,800,000,000 s. */
class JwtAuthenticatorTest {

  private static final String SECRET =
      "cQ8aL2vJ0sXwYt5bR7nKe9mUi3oPz1fGhD4kVxC6yTjWqSrNlBEaZMuOIpFgHdA0";

  private final ManualClock clock = new ManualClock(Instant.ofEpochSecond(1_800_000_000));
  private final JwtAuthenticator authenticator =
      new JwtAuthenticator(Jwts.withSecret(SECRET), clock);

  private static String token(String claims) throws Exception {
    return Jwts.sign(JWSAlgorithm.HS256, null, new MACSigner(SECRET), claims);
  }

  private Identity read(String claims) throws Exception {
    return Jwts.ask(authenticator, token(claims));
  }

  @Test
  void aTokenOfLaravelsJwtAuthIsGood() throws Exception {
    String claims =
        """
        {"iss":"http://app.test/api/login","iat":1799999990,"exp":1800003590,"nbf":1799999990,\
        "jti":"Zq0h","sub":"42","prv":"23bd5c8949f600adb39e701c400872db7a5976f7"}""";
    assertEquals(new Known("42", 1_800_003_590_000L + Jwts.SKEW.toMillis()), read(claims));
  }

  @Test
  void aTokenFromOutsideThisLibraryIsGood() throws Exception {
    // RFC 7515 appendix A.1's way, with the secret's characters as the key.
    String signed = Jwts.base64("{\"typ\":\"JWT\",\"alg\":\"HS256\"}") + ".eyJzdWIiOjd9";
    javax.crypto.Mac mac = javax.crypto.Mac.getInstance("HmacSHA256");
    mac.init(new javax.crypto.spec.SecretKeySpec(SECRET.getBytes("US-ASCII"), "HmacSHA256"));
    String signature =
        java.util.Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(mac.doFinal(signed.getBytes("US-ASCII")));
    assertEquals(new Known("7", Long.MAX_VALUE), Jwts.ask(authenticator, signed + "." + signature));
  }

  @Test
  void aSecretIsAnsweredForOnTheCallersThread() throws Exception {
    assertTrue(authenticator.authenticate(token("{\"sub\":1}")).toCompletableFuture().isDone());
  }

  @Test
  void aSecretThatLooksLikeBase64IsTakenAsItStands() throws Exception {
    String secret = "base64:" + "QUJD".repeat(10);
    JwtAuthenticator raw = new JwtAuthenticator(Jwts.withSecret(secret), clock);
    String token = Jwts.sign(JWSAlgorithm.HS256, null, new MACSigner(secret), "{\"sub\":1}");
    assertEquals(new Known("1", Long.MAX_VALUE), Jwts.ask(raw, token));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"sub\":42}|42",
        "{\"sub\":\"42\"}|42",
        "{\"sub\":9223372036854775807}|9223372036854775807",
        "{\"sub\":18446744073709551615}|18446744073709551615",
        "{\"sub\":\"0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b\"}|0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b",
        "{\"sub\":\"Zoë\",\"aud\":[\"1\"],\"scopes\":[]}|Zoë",
      })
  void theSubjectMayBeAnIntOrAString(String claims, String user) throws Exception {
    assertEquals(new Known(user, Long.MAX_VALUE), read(claims));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"sub\":null}",
        "{\"sub\":\"\"}",
        "{\"sub\":\" \"}",
        "{\"sub\":\"a\\u0000b\"}",
        "{\"sub\":true}",
        "{\"sub\":1.5}",
        "{\"sub\":[1]}",
        "{\"sub\":{\"id\":1}}",
        "{\"sub\":1,\"sub\":2}",
        "{\"sub\":1",
        "{\"sub\":1} {}",
        "[]",
        "\"sub\"",
        " ",
      })
  void aTokenWithoutAUserIsRefused(String claims) throws Exception {
    assertEquals(Refused.INVALID, read(claims));
  }

  @Test
  void aUserIdHasAtMost200Characters() throws Exception {
    String longest = "u".repeat(200);
    assertEquals(new Known(longest, Long.MAX_VALUE), read("{\"sub\":\"%s\"}".formatted(longest)));
    assertEquals(Refused.INVALID, read("{\"sub\":\"%su\"}".formatted(longest)));
  }

  @ParameterizedTest
  @CsvSource({
    // exp: good until exp and the skew of 10 s are over
    "exp, 1800000001,         known",
    "exp, 1799999991,         known",
    "exp, 1799999990.001,     known",
    "exp, 1799999990.0,       expired",
    "exp, 1799999990,         expired",
    "exp, 1799999989.999999,  expired",
    "exp, 0,                  expired",
    "exp, -1,                 expired",
    "exp, -1e400,             expired",
    "exp, 1e400,              known",
    "exp, 1.8000036e9,        known",
    // nbf and iat: good from 10 s before
    "nbf, 1800000010,         known",
    "nbf, 1800000010.000,     known",
    "nbf, 1800000010.001,     not_yet_valid",
    "nbf, 1800000011,         not_yet_valid",
    "nbf, 1e400,              not_yet_valid",
    "iat, 1799999999.123456,  known",
    "iat, 1800000010,         known",
    "iat, 1800000010.5,       not_yet_valid",
    // what is no date
    "exp, null,               invalid",
    "exp, '\"1800000001\"',   invalid",
    "exp, true,               invalid",
    "nbf, '[]',               invalid",
    "iat, '\"now\"',          invalid",
  })
  void datesAreSecondsWithOrWithoutAFraction(String name, String date, String outcome)
      throws Exception {
    Identity identity = read("{\"sub\":1,\"%s\":%s}".formatted(name, date));
    String word =
        switch (identity) {
          case Known known -> "known";
          case Refused refused -> refused.reason();
          case Identity.Unknown unknown -> unknown.reason();
        };
    assertEquals(outcome, word);
  }

  @Test
  void theSessionEndsWhenTheTokenWouldNoLongerBeTaken() throws Exception {
    String claims = "{\"sub\":1,\"exp\":1800000060.25}";
    Known known = (Known) read(claims);
    clock.set(Instant.ofEpochMilli(known.expiresAt() - 1));
    assertEquals(known, read(claims));
    clock.advance(Duration.ofMillis(1));
    assertEquals(Refused.EXPIRED, read(claims));
  }

  @Test
  void noTokenIsMissing() throws Exception {
    assertEquals(Refused.MISSING, Jwts.ask(authenticator, ""));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"x", ".", "..", "...", "a.b", "a.b.c", "1|abcdef", "é.é.é", "Bearer a.b.c"})
  void whatIsNoTokenIsRefused(String token) throws Exception {
    assertEquals(Refused.INVALID, Jwts.ask(authenticator, token));
  }

  @Test
  void aTokenThatWasChangedIsRefused() throws Exception {
    String[] parts = token("{\"sub\":1}").split("\\.");
    String forged = parts[0] + "." + Jwts.base64("{\"sub\":2}") + "." + parts[2];
    assertEquals(Refused.INVALID, Jwts.ask(authenticator, forged));
    assertEquals(Refused.INVALID, Jwts.ask(authenticator, parts[0] + "." + parts[1] + "."));
    assertEquals(Refused.INVALID, Jwts.ask(authenticator, parts[0] + "." + parts[1] + ".AAAA"));
  }

  @Test
  void aTokenWithAnotherSecretIsRefused() throws Exception {
    String other =
        Jwts.sign(JWSAlgorithm.HS256, null, new MACSigner("o".repeat(64)), "{\"sub\":1}");
    assertEquals(Refused.INVALID, Jwts.ask(authenticator, other));
  }

  @Test
  void aTokenIsReadUpTo8192Characters() throws Exception {
    String pad = "p".repeat(8192 * 3 / 4);
    String big = token("{\"sub\":1,\"pad\":\"%s\"}".formatted(pad));
    assertTrue(big.length() > JwtAuthenticator.MAX_TOKEN);
    assertEquals(Refused.INVALID, Jwts.ask(authenticator, big));
    String fits = token("{\"sub\":1,\"pad\":\"%s\"}".formatted(pad.substring(300)));
    assertTrue(fits.length() <= JwtAuthenticator.MAX_TOKEN);
    assertEquals(new Known("1", Long.MAX_VALUE), Jwts.ask(authenticator, fits));
  }

  @Test
  void aShortSecretIsAMistakeOfTheOperator() {
    String secret = "s".repeat(31);
    IllegalArgumentException error =
        assertThrows(
            IllegalArgumentException.class,
            () -> new JwtAuthenticator(Jwts.withSecret(secret), clock));
    assertTrue(error.getMessage().contains("31 bytes"), error.getMessage());
    assertFalse(error.getMessage().contains(secret));
  }

  @Test
  void exactlyOneKeyIsNeeded() {
    AuthConfig none = Jwts.config(Optional.empty(), Optional.empty(), Optional.empty());
    AuthConfig two =
        Jwts.config(
            Jwts.withSecret(SECRET).jwtSecret(),
            Optional.empty(),
            Optional.of(java.net.URI.create("https://id.test/jwks")));
    assertThrows(IllegalArgumentException.class, () -> new JwtAuthenticator(none, clock));
    assertThrows(IllegalArgumentException.class, () -> new JwtAuthenticator(two, clock));
  }

  @Test
  void neitherSecretNorTokenIsEverShown() throws Exception {
    try (LogCapture log = new LogCapture("dev.laravelrelay")) {
      String bad = token("{\"sub\":1}") + "x";
      Jwts.ask(authenticator, bad);
      assertFalse(log.text().contains(bad.substring(0, 20)));
      assertFalse((authenticator + " " + Jwts.withSecret(SECRET) + log.text()).contains(SECRET));
    }
  }
}
