package dev.laravelrelay.auth;

import dev.laravelrelay.auth.Authenticator.Identity;
import dev.laravelrelay.auth.Authenticator.Identity.Known;
import dev.laravelrelay.auth.Authenticator.Identity.Refused;
import java.time.Duration;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads what a token with a good signature claims (RFC 7519 section 4.1), as jwt-auth and Passport
 * write it: {@code sub} an int or a string, dates in seconds with or without a fraction.
 */
final class JwtClaims {

  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final long skewMillis;

  JwtClaims(Duration skew) {
    this.skewMillis = skew.toMillis();
  }

  /**
   * Whose token it is at {@code now}, in epoch milliseconds. Both clocks may differ by the skew, so
   * a token is good until {@code exp} and the skew are over: that is {@code expiresAt}.
   */
  Identity read(byte[] payload, long now) {
    JsonNode claims;
    try {
      claims = JSON.readTree(payload);
    } catch (JacksonException e) {
      return Refused.INVALID;
    }
    try {
      long end = plus(millis(claims, "exp", Long.MAX_VALUE), skewMillis);
      if (now >= end) {
        return Refused.EXPIRED;
      }
      long latest = plus(now, skewMillis);
      if (millis(claims, "nbf", latest) > latest || millis(claims, "iat", latest) > latest) {
        return Refused.NOT_YET_VALID;
      }
      return UserId.of(claims.path("sub"))
          .<Identity>map(user -> new Known(user, end))
          .orElse(Refused.INVALID);
    } catch (NotADateException e) {
      return Refused.INVALID;
    }
  }

  private static long millis(JsonNode claims, String name, long ifAbsent) throws NotADateException {
    JsonNode date = claims.path(name);
    if (date.isMissingNode()) {
      return ifAbsent;
    }
    if (!date.isNumber()) {
      throw new NotADateException();
    }
    return Math.round(Double.parseDouble(date.asString()) * 1000);
  }

  private static long plus(long a, long b) {
    return a > Long.MAX_VALUE - b ? Long.MAX_VALUE : a + b;
  }

  private static final class NotADateException extends Exception {}
}
