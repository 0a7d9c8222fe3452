package dev.laravelrelay.config;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/**
 * How clients prove who they are.
 *
 * @param jwtSecret Laravel's JWT_SECRET, as it stands in its .env: raw characters, not base64
 * @param jwtPublicKey a PEM, or the path of one
 * @param jwksUrl where the public keys are published
 * @param clockSkew how far the clocks of relay and Laravel may differ
 * @param introspectionPath on Laravel's URL, for {@code mode} LARAVEL
 * @param cacheFor how long Laravel's answer on a token is believed
 */
public record AuthConfig(
    Mode mode,
    Optional<Secret> jwtSecret,
    Optional<String> jwtPublicKey,
    Optional<URI> jwksUrl,
    Duration clockSkew,
    String introspectionPath,
    Duration cacheFor) {

  /** The value of RELAY_AUTH. */
  public enum Mode {
    /** The relay checks the token's signature itself. */
    JWT,
    /** The relay asks Laravel whose token it is. */
    LARAVEL,
    /** The token is the user id: development only. */
    NONE
  }
}
