package dev.laravelrelay.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.Payload;
import dev.laravelrelay.auth.Authenticator.Identity;
import dev.laravelrelay.config.AuthConfig;
import dev.laravelrelay.config.Secret;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.Key;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Makes keys, settings and tokens, good ones and bad ones. */
final class Jwts {

  static final Duration SKEW = Duration.ofSeconds(10);

  private Jwts() {}

  static AuthConfig withSecret(String secret) {
    return config(Optional.of(new Secret(secret)), Optional.empty(), Optional.empty());
  }

  static AuthConfig withPublicKey(String pem) {
    return config(Optional.empty(), Optional.of(pem), Optional.empty());
  }

  static AuthConfig withJwks(URI url) {
    return config(Optional.empty(), Optional.empty(), Optional.of(url));
  }

  static AuthConfig config(Optional<Secret> secret, Optional<String> pem, Optional<URI> jwks) {
    return new AuthConfig(
        AuthConfig.Mode.JWT, secret, pem, jwks, SKEW, "/api/user", Duration.ofMinutes(1));
  }

  static KeyPair keys(String algorithm, int bits) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
      generator.initialize(bits);
      return generator.generateKeyPair();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  static String pem(String kind, Key key) {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(
            kind,
            Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key.getEncoded()),
            kind);
  }

  static String sign(
      JWSAlgorithm algorithm, @Nullable String keyId, JWSSigner signer, String claims)
      throws JOSEException {
    JWSObject token =
        new JWSObject(new JWSHeader.Builder(algorithm).keyID(keyId).build(), new Payload(claims));
    token.sign(signer);
    return token.serialize();
  }

  static String base64(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  static Identity ask(Authenticator authenticator, String token) throws Exception {
    return authenticator.authenticate(token).toCompletableFuture().get(10, TimeUnit.SECONDS);
  }
}
