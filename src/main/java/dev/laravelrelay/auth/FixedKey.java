package dev.laravelrelay.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import dev.laravelrelay.config.Secret;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * One key from the settings, for one algorithm: a secret for HS256, an RSA key for RS256, a P-256
 * key for ES256. Answers at once, on the caller's thread: the check takes microseconds of CPU.
 */
final class FixedKey implements TokenKeys {

  /** RFC 7518 section 3.2. */
  private static final int MIN_SECRET_BYTES = 32;

  /** RFC 7518 section 3.3. */
  private static final int MIN_RSA_BITS = 2048;

  private final JWSAlgorithm algorithm;
  private final JWSVerifier verifier;

  private FixedKey(JWSAlgorithm algorithm, JWSVerifier verifier) {
    this.algorithm = algorithm;
    this.verifier = verifier;
  }

  static FixedKey secret(Secret secret) {
    byte[] key = checked(secret);
    return create(JWSAlgorithm.HS256, () -> new MACVerifier(key));
  }

  /** The secret's bytes: its characters as they stand, even if they look like base64. */
  static byte[] checked(Secret secret) {
    byte[] key = secret.bytes();
    if (key.length < MIN_SECRET_BYTES) {
      throw new IllegalArgumentException(
          "the JWT secret has %d bytes: HS256 needs at least %d"
              .formatted(key.length, MIN_SECRET_BYTES));
    }
    return key;
  }

  static FixedKey publicKey(PublicKey key) {
    return switch (key) {
      case RSAPublicKey rsa when rsa.getModulus().bitLength() < MIN_RSA_BITS ->
          throw new IllegalArgumentException(
              "the JWT public key has %d bits: RS256 needs at least %d"
                  .formatted(rsa.getModulus().bitLength(), MIN_RSA_BITS));
      case RSAPublicKey rsa -> create(JWSAlgorithm.RS256, () -> new RSASSAVerifier(rsa));
      case ECPublicKey ec -> create(JWSAlgorithm.ES256, () -> new ECDSAVerifier(ec));
      default ->
          throw new IllegalArgumentException(
              "the JWT public key is of the kind %s: RSA and EC keys are accepted"
                  .formatted(key.getAlgorithm()));
    };
  }

  private interface VerifierSource {
    JWSVerifier open() throws JOSEException;
  }

  private static FixedKey create(JWSAlgorithm algorithm, VerifierSource source) {
    try {
      JWSVerifier verifier = source.open();
      if (verifier.supportedJWSAlgorithms().contains(algorithm)) {
        return new FixedKey(algorithm, verifier);
      }
    } catch (JOSEException e) {
      throw new IllegalArgumentException("the JWT key does not fit " + algorithm, e);
    }
    throw new IllegalArgumentException("the JWT key does not fit " + algorithm);
  }

  @Override
  public CompletionStage<Check> check(JWSObject token) {
    return CompletableFuture.completedStage(isSigned(token) ? Check.GOOD : Check.BAD);
  }

  private boolean isSigned(JWSObject token) {
    try {
      return algorithm.equals(token.getHeader().getAlgorithm()) && token.verify(verifier);
    } catch (JOSEException e) {
      return false; // a signature that is not even one
    }
  }
}
