package dev.laravelrelay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jwt.SignedJWT;
import dev.laravelrelay.config.Setting;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class MainTest {

  private static final String KEY = "0123456789abcdef0123456789abcdef";

  @Test
  void helpNamesEveryCommand() {
    CapturedRun run = CapturedRun.of(Map.of(), "--help");

    assertEquals(0, run.code());
    for (String command : new String[] {"serve", "check", "token", "emit", "listen"}) {
      assertTrue(run.out().contains("\n  " + command + " "), run.out());
    }
  }

  @ParameterizedTest
  @EnumSource(Setting.class)
  void helpOfServeTellsEverySetting(Setting setting) {
    String help = CapturedRun.of(Map.of(), "serve", "--help").out();

    assertTrue(help.contains("      " + setting.flag() + "=<"), setting::flag);
    assertTrue(help.contains(setting.variable()), setting::variable);
    assertTrue(help.contains(setting.section().title()), setting::variable);
    if (!setting.byDefault(false).isEmpty()) {
      assertTrue(help.contains("default " + setting.byDefault(false)), setting::variable);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "serv|There is no command serv; did you mean serve? Try: laravel-relay --help",
        "serve --prot 1|There is no flag --prot; did you mean --port? Try: laravel-relay serve",
        "serve --dev --port x|--port (RELAY_PORT) must be a number from 0 to 65535; it is \"x\".",
        "serve --port|Missing required parameter for option '--port'",
        "serve --dev --bind 0.0.0.0|--bind (RELAY_BIND) must be a loopback address",
        "check --wat|There is no flag --wat. Try: laravel-relay check --help",
        "check --redis-ulr=redis://u:hush@h|There is no flag --redis-ulr; did you mean --redis-url?",
        "check redis://u:hush@h|There is no command redis://***@h.",
        "token 42|RELAY_JWT_SECRET is missing",
        "emit --event x|Missing required argument (specify one of these): (--user=<id>",
        "emit --event x --user 1|RELAY_API_KEYS is missing; for a relay in development use --dev.",
        "emit --event x --user 1 --dev --data {|--data is not valid JSON.",
        "emit --event x --user 1 --dev --url ftp://a|--url must be a URL like http://127.0.0.1:6002",
        "listen|Missing required option: '--token=<token>'",
        "listen --token 1 --url http://a|--url must be a URL like ws://127.0.0.1:6001/ws.",
      })
  void wrongUseIsOneSentenceAndExitCodeTwo(String line, String sentence) {
    CapturedRun run = CapturedRun.of(Map.of(), line.split(" "));

    assertEquals(2, run.code());
    assertEquals("", run.out());
    assertTrue(run.err().startsWith(sentence), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "serve --dev --rehearse --port 0 --api-port 0",
        "serve --dev --rehearse --port=0 --api-port=0",
        "serve --dev --rehearse --port 0 --api-port 0 --auth jwt --jwt-secret " + KEY
      })
  @Timeout(60)
  void aRehearsalServesItselfAndEnds(String line) {
    CapturedRun run = CapturedRun.of(Map.of(), line.split(" "));

    assertEquals(0, run.code(), run.err());
  }

  @Test
  void noCommandIsWrongUse() {
    CapturedRun run = CapturedRun.of(Map.of());

    assertEquals(2, run.code());
    assertTrue(run.err().startsWith("Usage: laravel-relay"), run.err());
  }

  @ParameterizedTest
  @ValueSource(strings = {"--port", "--api-port"})
  void aPortInUseIsOneSentence(String flag) throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());
      String other = flag.equals("--port") ? "--api-port" : "--port";

      CapturedRun run = CapturedRun.of(Map.of(), "serve", "--dev", flag, port, other, "0");

      assertEquals(2, run.code());
      assertEquals(1, run.err().lines().count(), run.err());
      assertTrue(run.err().contains(port), run.err());
    }
  }

  @Test
  void checkListsEveryProblem() {
    CapturedRun run = CapturedRun.of(Map.of("RELAY_PROT", "1", "RELAY_PORT", "x"), "check");

    assertEquals(2, run.code());
    assertEquals(4, run.err().lines().count(), run.err());
  }

  @ParameterizedTest
  @CsvSource({
    "PRIVATE KEY, the JWT public key is a PEM of PRIVATE KEY: PUBLIC KEY or CERTIFICATE is needed.",
    "PUBLIC KEY, the JWT public key cannot be read."
  })
  void aKeyThatIsOfNoUseIsOneSentence(String kind, String sentence) {
    String pem = "-----BEGIN %1$s-----\nYWJj\n-----END %1$s-----".formatted(kind);
    Map<String, String> environment =
        Map.of("RELAY_API_KEYS", "k".repeat(32), "RELAY_AUTH", "jwt", "RELAY_JWT_PUBLIC_KEY", pem);
    for (String command : new String[] {"check", "serve"}) {
      CapturedRun run = CapturedRun.of(environment, command);
      assertEquals(2, run.code());
      assertEquals("RELAY_JWT_PUBLIC_KEY is of no use: " + sentence, run.err().strip());
      assertEquals("", run.out());
    }
  }

  @Test
  void checkShowsWhatWouldBeUsedAndNoSecret() {
    CapturedRun run =
        CapturedRun.of(
            Map.of("RELAY_API_KEYS", KEY, "RELAY_AUTH", "jwt", "RELAY_JWT_SECRET", KEY + "2"),
            "check",
            "--port",
            "7001");

    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().startsWith("ok" + System.lineSeparator()), run.out());
    assertTrue(run.out().matches("(?s).*RELAY_PORT +7001 +flag.*"), run.out());
    assertTrue(run.out().matches("(?s).*RELAY_API_KEYS +\\*\\*\\* +environment.*"), run.out());
    assertTrue(run.out().matches("(?s).*RELAY_REDIS_URL +not set.*"), run.out());
    assertFalse(run.out().contains(KEY), run.out());
  }

  @Test
  void tokenIsSignedForTheUser() throws Exception {
    CapturedRun run =
        CapturedRun.of(Map.of("RELAY_JWT_SECRET", KEY), "token", "42", "--minutes", "5");

    assertEquals(0, run.code(), run.err());
    SignedJWT token = SignedJWT.parse(run.out().strip());
    assertEquals("42", token.getJWTClaimsSet().getSubject());
    assertEquals(
        300_000,
        token.getJWTClaimsSet().getExpirationTime().getTime()
            - token.getJWTClaimsSet().getIssueTime().getTime());
  }

  @Test
  void aShortSecretMintsNothing() {
    CapturedRun run = CapturedRun.of(Map.of("RELAY_JWT_SECRET", "hush"), "token", "42");

    assertEquals(2, run.code());
    assertEquals("RELAY_JWT_SECRET must have at least 32 characters.", run.err().strip());
  }
}
