package dev.laravelrelay.bench;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.stream.IntStream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** The users and their JWTs, as Laravel would issue them (HS256); made before anything is timed. */
final class Tokens {

  static final String SECRET = "a-secret-for-the-benchmark-of-32-characters";
  static final int USERS = 19_000;
  private static final int FIRST_USER = 100_000;
  private static final long LIFE_SECONDS = 86_400;
  private static final String[] TOKENS =
      IntStream.range(0, USERS).mapToObj(Tokens::sign).toArray(String[]::new);

  private Tokens() {}

  /** The id of a user: six digits. */
  static int user(int number) {
    return FIRST_USER + number;
  }

  static String of(int number) {
    return number < USERS ? TOKENS[number] : sign(number);
  }

  private static String sign(int number) {
    try {
      long now = System.currentTimeMillis() / 1_000;
      String claims =
          "{\"sub\":\"%d\",\"iat\":%d,\"exp\":%d}".formatted(user(number), now, now + LIFE_SECONDS);
      String head = base64("{\"alg\":\"HS256\",\"typ\":\"JWT\"}".getBytes(StandardCharsets.UTF_8));
      String signed = head + "." + base64(claims.getBytes(StandardCharsets.UTF_8));
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      return signed + "." + base64(mac.doFinal(signed.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
