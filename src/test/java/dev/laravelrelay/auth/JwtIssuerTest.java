package dev.laravelrelay.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.laravelrelay.auth.Authenticator.Identity.Known;
import dev.laravelrelay.auth.Authenticator.Identity.Refused;
import dev.laravelrelay.config.Secret;
import dev.laravelrelay.testing.ManualClock;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class JwtIssuerTest {

  private static final String SECRET = "a-secret-of-at-least-32-characters";

  @Test
  void theRelayTakesItsOwnTokensUntilTheyEnd() throws Exception {
    ManualClock clock = new ManualClock(Instant.ofEpochMilli(1_800_000_000_500L));
    JwtAuthenticator authenticator = new JwtAuthenticator(Jwts.withSecret(SECRET), clock);
    String token =
        JwtIssuer.issue(new Secret(SECRET), "42", Duration.ofMinutes(5), clock.instant());
    long end = 1_800_000_300_000L + Jwts.SKEW.toMillis();
    assertEquals(new Known("42", end), Jwts.ask(authenticator, token));
    clock.advance(Duration.ofMinutes(6));
    assertEquals(Refused.EXPIRED, Jwts.ask(authenticator, token));
  }

  @Test
  void aShortSecretIsRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> JwtIssuer.issue(new Secret("short"), "1", Duration.ofHours(1), Instant.EPOCH));
  }
}
