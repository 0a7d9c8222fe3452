package dev.laravelrelay.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.laravelrelay.auth.Authenticator.Identity.Known;
import dev.laravelrelay.auth.Authenticator.Identity.Refused;
import org.junit.jupiter.api.Test;

class DevAuthenticatorTest {

  private final DevAuthenticator authenticator = new DevAuthenticator();

  @Test
  void theTokenIsTheUserId() throws Exception {
    assertEquals(new Known("42", Long.MAX_VALUE), Jwts.ask(authenticator, "42"));
  }

  @Test
  void noTokenIsMissing() throws Exception {
    assertEquals(Refused.MISSING, Jwts.ask(authenticator, ""));
  }

  @Test
  void whatCannotBeAUserIdIsRefused() throws Exception {
    assertEquals(Refused.INVALID, Jwts.ask(authenticator, "u".repeat(201)));
    assertEquals(Refused.INVALID, Jwts.ask(authenticator, "a\nb"));
  }
}
