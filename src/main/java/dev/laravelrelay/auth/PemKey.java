package dev.laravelrelay.auth;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A public key as operators have it: a PEM, or the path of one. Reads SubjectPublicKeyInfo ({@code
 * BEGIN PUBLIC KEY}, as Passport and OpenSSL write it) and X.509 certificates (RFC 7468). A {@code
 * \n} spelled out, as in a .env file, is a line's end.
 */
final class PemKey {

  private static final Pattern PEM =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");

  private PemKey() {}

  /**
   * Reads the key.
   *
   * @throws IllegalArgumentException with a sentence for the operator, without the value
   */
  static PublicKey read(String pemOrPath) {
    String pem = pemOrPath.contains("-----BEGIN") ? pemOrPath : file(pemOrPath);
    Matcher block = PEM.matcher(pem.replace("\\n", "\n"));
    if (!block.find()) {
      throw new IllegalArgumentException("the JWT public key is not a PEM");
    }
    try {
      byte[] der = base64(block.group(2));
      return switch (block.group(1)) {
        case "PUBLIC KEY" -> subjectPublicKeyInfo(der);
        case "CERTIFICATE" ->
            CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(der))
                .getPublicKey();
        default ->
            throw new IllegalArgumentException(
                "the JWT public key is a PEM of %s: PUBLIC KEY or CERTIFICATE is needed"
                    .formatted(block.group(1)));
      };
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("the JWT public key cannot be read", e);
    }
  }

  private static byte[] base64(String text) {
    try {
      return Base64.getMimeDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("the JWT public key is not a whole PEM", e);
    }
  }

  private static PublicKey subjectPublicKeyInfo(byte[] der) throws GeneralSecurityException {
    X509EncodedKeySpec spec = new X509EncodedKeySpec(der);
    try {
      return KeyFactory.getInstance("RSA").generatePublic(spec);
    } catch (GeneralSecurityException e) {
      return KeyFactory.getInstance("EC").generatePublic(spec);
    }
  }

  private static String file(String path) {
    try {
      return Files.readString(Path.of(path.strip()), StandardCharsets.US_ASCII);
    } catch (IOException | InvalidPathException e) {
      throw new IllegalArgumentException(
          "the JWT public key is neither a PEM nor a file that can be read", e);
    }
  }
}
