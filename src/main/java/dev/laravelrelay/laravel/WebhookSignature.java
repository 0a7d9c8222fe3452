package dev.laravelrelay.laravel;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.laravelrelay.config.Secret;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * How Laravel knows that a webhook is the relay's: HMAC-SHA256 over the time, a dot and the body.
 * Safe from any thread.
 */
final class WebhookSignature {

  private static final String ALGORITHM = "HmacSHA256";

  private WebhookSignature() {}

  /**
   * The signature as it stands in the header.
   *
   * @param timestamp epoch seconds
   */
  static String of(Secret secret, long timestamp, byte[] body) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(secret.bytes(), ALGORITHM));
      mac.update((timestamp + ".").getBytes(US_ASCII));
      return "v1=" + HexFormat.of().formatHex(mac.doFinal(body));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has " + ALGORITHM, e);
    }
  }
}
