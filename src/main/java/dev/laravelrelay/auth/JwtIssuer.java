package dev.laravelrelay.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.laravelrelay.config.Secret;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;

/** Mints tokens like those of Laravel's jwt-auth, to try the relay with. */
public final class JwtIssuer {

  private JwtIssuer() {}

  /**
   * A token for the user, signed with HS256, valid from now on.
   *
   * @throws IllegalArgumentException if the secret is too short for HS256
   */
  public static String issue(Secret secret, String user, Duration validFor, Instant now) {
    JWTClaimsSet claims =
        new JWTClaimsSet.Builder()
            .subject(user)
            .issueTime(Date.from(now))
            .expirationTime(Date.from(now.plus(validFor)))
            .build();
    SignedJWT token = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims);
    try {
      token.sign(new MACSigner(FixedKey.checked(secret)));
    } catch (JOSEException e) {
      throw new IllegalStateException("HS256 failed", e);
    }
    return token.serialize();
  }
}
