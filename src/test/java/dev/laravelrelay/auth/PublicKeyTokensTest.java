package dev.laravelrelay.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import dev.laravelrelay.auth.Authenticator.Identity.Known;
import dev.laravelrelay.auth.Authenticator.Identity.Refused;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.interfaces.ECPrivateKey;
import java.time.Clock;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** RS256 and ES256 with a PEM, and every way to pass off another algorithm as these. */
class PublicKeyTokensTest {

  private static final KeyPair RSA = Jwts.keys("RSA", 2048);
  private static final KeyPair EC = Jwts.keys("EC", 256);
  private static final Known USER = new Known("7", Long.MAX_VALUE);
  private static final String CLAIMS = "{\"sub\":\"7\"}";

  @TempDir Path directory;

  private static String rsaPem() {
    return Jwts.pem("PUBLIC KEY", RSA.getPublic());
  }

  private static String ecPem() {
    return Jwts.pem("PUBLIC KEY", EC.getPublic());
  }

  private static JwtAuthenticator with(String pem) {
    return new JwtAuthenticator(Jwts.withPublicKey(pem), Clock.systemUTC());
  }

  private static String token(JWSAlgorithm algorithm, JWSSigner signer) throws Exception {
    return Jwts.sign(algorithm, null, signer, CLAIMS);
  }

  private static String rs256() throws Exception {
    return token(JWSAlgorithm.RS256, new RSASSASigner(RSA.getPrivate()));
  }

  private static String es256() throws Exception {
    return token(JWSAlgorithm.ES256, new ECDSASigner((ECPrivateKey) EC.getPrivate()));
  }

  @Test
  void anRsaKeyTakesRs256() throws Exception {
    assertEquals(USER, Jwts.ask(with(rsaPem()), rs256()));
  }

  @Test
  void anEcKeyTakesEs256() throws Exception {
    assertEquals(USER, Jwts.ask(with(ecPem()), es256()));
  }

  @Test
  void thePemMayBeAFile() throws Exception {
    Path file = Files.writeString(directory.resolve("oauth-public.key"), rsaPem());
    assertEquals(USER, Jwts.ask(with(file.toString()), rs256()));
  }

  @Test
  void thePemMayStandOnOneLineAsInADotEnvFile() throws Exception {
    assertEquals(USER, Jwts.ask(with(rsaPem().replace("\n", "\\n")), rs256()));
    assertEquals(USER, Jwts.ask(with(rsaPem().replace("\n", "\r\n")), rs256()));
  }

  @Test
  @Timeout(60)
  void thePemMayBeACertificate() throws Exception {
    Path store = directory.resolve("keys.p12");
    String[] command = {
      Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
      "-genkeypair",
      "-alias",
      "k",
      "-keyalg",
      "RSA",
      "-keysize",
      "2048",
      "-dname",
      "CN=test",
      "-keystore",
      store.toString(),
      "-storepass",
      "changeit"
    };
    Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, keytool.waitFor(), said);
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, "changeit".toCharArray());
    }
    Certificate certificate = keys.getCertificate("k");
    PrivateKey key = (PrivateKey) keys.getKey("k", "changeit".toCharArray());
    String pem =
        "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"
            .formatted(Base64.getMimeEncoder().encodeToString(certificate.getEncoded()));
    assertEquals(USER, Jwts.ask(with(pem), token(JWSAlgorithm.RS256, new RSASSASigner(key))));
    assertEquals(Refused.INVALID, Jwts.ask(with(pem), rs256()));
  }

  @Test
  void aTokenOfAnotherKeyIsRefused() throws Exception {
    PrivateKey other = Jwts.keys("RSA", 2048).getPrivate();
    assertEquals(
        Refused.INVALID,
        Jwts.ask(with(rsaPem()), token(JWSAlgorithm.RS256, new RSASSASigner(other))));
  }

  @Test
  void thePublicKeyIsNoSecretForHs256() throws Exception {
    byte[] der = RSA.getPublic().getEncoded();
    byte[] pem = rsaPem().getBytes(StandardCharsets.US_ASCII);
    for (byte[] key : new byte[][] {der, pem, rsaPem().strip().getBytes()}) {
      String forged = token(JWSAlgorithm.HS256, new MACSigner(key));
      assertEquals(Refused.INVALID, Jwts.ask(with(rsaPem()), forged));
    }
  }

  @Test
  void anAlgorithmOfTheSameKeyThatIsNotOursIsRefused() throws Exception {
    JwtAuthenticator rsa = with(rsaPem());
    RSASSASigner signer = new RSASSASigner(RSA.getPrivate());
    assertEquals(Refused.INVALID, Jwts.ask(rsa, token(JWSAlgorithm.RS512, signer)));
    assertEquals(Refused.INVALID, Jwts.ask(rsa, token(JWSAlgorithm.PS256, signer)));
  }

  @Test
  void anAlgorithmOfTheOtherKindOfKeyIsRefused() throws Exception {
    assertEquals(Refused.INVALID, Jwts.ask(with(rsaPem()), es256()));
    assertEquals(Refused.INVALID, Jwts.ask(with(ecPem()), rs256()));
    String[] good = rs256().split("\\.");
    String renamed = Jwts.base64("{\"alg\":\"ES256\"}") + "." + good[1] + "." + good[2];
    assertEquals(Refused.INVALID, Jwts.ask(with(rsaPem()), renamed));
    assertEquals(Refused.INVALID, Jwts.ask(with(ecPem()), renamed));
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "None", "NONE", "nOnE", "", "HS256", "dir", "RS256 "})
  void aTokenWithoutASignatureIsRefused(String algorithm) throws Exception {
    String head = Jwts.base64("{\"typ\":\"JWT\",\"alg\":\"%s\"}".formatted(algorithm));
    String token = head + "." + Jwts.base64(CLAIMS) + ".";
    JwtAuthenticator secret =
        new JwtAuthenticator(Jwts.withSecret("s".repeat(64)), Clock.systemUTC());
    for (JwtAuthenticator any : new JwtAuthenticator[] {with(rsaPem()), with(ecPem()), secret}) {
      assertEquals(Refused.INVALID, Jwts.ask(any, token));
      assertEquals(Refused.INVALID, Jwts.ask(any, token + "AAAA"));
    }
  }

  @Test
  void anEs256SignatureOfZerosIsRefused() throws Exception {
    String[] good = es256().split("\\.");
    String zeros = Base64.getUrlEncoder().withoutPadding().encodeToString(new byte[64]);
    assertEquals(Refused.INVALID, Jwts.ask(with(ecPem()), good[0] + "." + good[1] + "." + zeros));
  }

  @Test
  void aKeyInTheTokensOwnHeaderIsNotBelieved() throws Exception {
    KeyPair own = Jwts.keys("RSA", 2048);
    com.nimbusds.jose.JWSObject token =
        new com.nimbusds.jose.JWSObject(
            new com.nimbusds.jose.JWSHeader.Builder(JWSAlgorithm.RS256)
                .jwk(
                    new com.nimbusds.jose.jwk.RSAKey.Builder(
                            (java.security.interfaces.RSAPublicKey) own.getPublic())
                        .build())
                .build(),
            new com.nimbusds.jose.Payload(CLAIMS));
    token.sign(new RSASSASigner(own.getPrivate()));
    assertEquals(Refused.INVALID, Jwts.ask(with(rsaPem()), token.serialize()));
  }

  @Test
  void aCriticalHeaderThatIsNotUnderstoodIsRefused() throws Exception {
    String head = Jwts.base64("{\"alg\":\"RS256\",\"crit\":[\"urn:x\"],\"urn:x\":1}");
    String signed = head + "." + Jwts.base64(CLAIMS);
    java.security.Signature signature = java.security.Signature.getInstance("SHA256withRSA");
    signature.initSign(RSA.getPrivate());
    signature.update(signed.getBytes(StandardCharsets.US_ASCII));
    String token =
        signed + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(signature.sign());
    assertEquals(Refused.INVALID, Jwts.ask(with(rsaPem()), token));
  }

  private static String mistake(String pem) {
    return assertThrows(IllegalArgumentException.class, () -> with(pem)).getMessage();
  }

  @Test
  void aPemThatCannotBeUsedIsSaidInASentence() throws Exception {
    assertTrue(mistake("/no/such/file").contains("neither a PEM nor a file"));
    assertTrue(mistake("").contains("neither a PEM nor a file"));
    Path text = Files.writeString(directory.resolve("x.txt"), "hello");
    assertTrue(mistake(text.toString()).contains("is not a PEM"));
    assertTrue(mistake("-----BEGIN PUBLIC KEY-----").contains("is not a PEM"));
    String broken = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----";
    assertTrue(mistake(broken).contains("cannot be read"));
    assertTrue(mistake(broken.replace("AAAA", "A")).contains("not a whole PEM"));
    assertTrue(mistake(broken.replace("PUBLIC KEY", "CERTIFICATE")).contains("cannot be read"));
    assertTrue(mistake(Jwts.pem("RSA PUBLIC KEY", RSA.getPublic())).contains("RSA PUBLIC KEY"));
  }

  @Test
  void aPrivateKeyIsNotTakenNorShown() {
    String pem = Jwts.pem("PRIVATE KEY", RSA.getPrivate());
    String sentence = mistake(pem);
    assertTrue(sentence.contains("a PEM of PRIVATE KEY"), sentence);
    assertFalse(sentence.contains(pem.substring(40, 60)));
  }

  @Test
  void weakAndOtherKeysAreNotTaken() {
    String weak = Jwts.pem("PUBLIC KEY", Jwts.keys("RSA", 1024).getPublic());
    assertTrue(mistake(weak).contains("1024 bits"));
    String p384 = Jwts.pem("PUBLIC KEY", Jwts.keys("EC", 384).getPublic());
    assertTrue(mistake(p384).contains("does not fit ES256"));
    String ed = Jwts.pem("PUBLIC KEY", Jwts.keys("Ed25519", 255).getPublic());
    assertTrue(mistake(ed).contains("cannot be read"));
  }
}
