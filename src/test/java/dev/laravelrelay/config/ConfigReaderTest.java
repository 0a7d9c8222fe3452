package dev.laravelrelay.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigReaderTest {

  private static final String KEY = "0123456789abcdef0123456789abcdef";
  private static final String SECRET = "the secret of Laravel, more than 32 characters";

  @TempDir private Path directory;

  @Test
  void everyDefaultInDev() {
    RelayConfig expected =
        new RelayConfig(
            true,
            new SocketConfig(
                "127.0.0.1",
                6001,
                Duration.ofSeconds(25),
                Duration.ofSeconds(20),
                Duration.ofSeconds(45),
                Duration.ofSeconds(10),
                1_000_000,
                1_048_576,
                100_000,
                List.of("*"),
                List.of()),
            new ApiConfig("127.0.0.1", 6002, List.of(new Secret("dev-key")), 1_048_576, 16_777_216),
            new AuthConfig(
                AuthConfig.Mode.NONE,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Duration.ofSeconds(30),
                "/api/user",
                Duration.ofSeconds(60)),
            new LaravelConfig(Optional.empty(), "/broadcasting/auth", Duration.ofSeconds(3)),
            new WebhookConfig(
                Optional.empty(),
                List.of(new Secret("dev-webhook-secret")),
                10_000,
                Duration.ofSeconds(10),
                List.of(),
                20,
                50,
                30),
            new RedisConfig(
                Optional.empty(), "relay:", List.of("laravel_database_", "laravel-database-"), 256),
            new DeliveryConfig(0, 100, 1_048_576, 268_435_456L),
            Duration.ofSeconds(10),
            new LogConfig(LogConfig.Format.TEXT, LogConfig.Level.INFO));

    assertEquals(expected, valid(Map.of(), true));
  }

  @Test
  void withoutDevTheDoorsDiffer() {
    RelayConfig config = valid(production(), false);

    assertFalse(config.dev());
    assertEquals("0.0.0.0", config.socket().bind());
    assertEquals("127.0.0.1", config.api().bind());
    assertEquals(List.of(), config.socket().allowedOrigins());
    assertEquals(AuthConfig.Mode.JWT, config.auth().mode());
  }

  @Test
  void everyVariableIsHeard() {
    Map<String, String> all = everyVariable();
    assertEquals(
        Set.of(Setting.values()).stream().map(Setting::variable).collect(Collectors.toSet()),
        all.keySet());
    RelayConfig expected =
        new RelayConfig(
            false,
            new SocketConfig(
                "::1",
                7001,
                Duration.ofSeconds(30),
                Duration.ofMillis(1_500),
                Duration.ofMinutes(2),
                Duration.ofSeconds(5),
                65_536,
                2_097_152,
                500,
                List.of("https://a.example", "http://localhost:5173"),
                List.of("10.0.0.0/8", "fd00::1")),
            new ApiConfig(
                "0.0.0.0", 7002, List.of(new Secret(KEY), new Secret(KEY + "2")), 2_048, 4_096),
            new AuthConfig(
                AuthConfig.Mode.LARAVEL,
                Optional.of(new Secret(SECRET)),
                Optional.of("-----BEGIN PUBLIC KEY-----"),
                Optional.of(URI.create("https://a.example/jwks.json")),
                Duration.ofSeconds(5),
                "/api/me",
                Duration.ofSeconds(10)),
            new LaravelConfig(
                Optional.of(URI.create("https://a.example")), "/auth", Duration.ofSeconds(2)),
            new WebhookConfig(
                Optional.of(URI.create("https://a.example/relay/webhook")),
                List.of(new Secret(KEY + "1"), new Secret(KEY)),
                500,
                Duration.ofSeconds(4),
                List.of("chat:*", "typing"),
                5,
                9,
                45),
            new RedisConfig(
                Optional.of(new Secret("rediss://user:pass@redis.example:6380/1")),
                "mine:",
                List.of("laravel_database_", "laravel-database-", "shop_"),
                200,
                new RedisConfig.Tls(
                    Optional.of("/etc/ca.pem"),
                    Optional.of("/etc/relay.pem"),
                    Optional.of(new Secret("/etc/relay.key")))),
            new DeliveryConfig(30, 50, 32_768, 1L << 31),
            Duration.ofSeconds(20),
            new LogConfig(LogConfig.Format.JSON, LogConfig.Level.DEBUG));

    assertEquals(expected, valid(all, false));
  }

  private static Map<String, String> everyVariable() {
    return Map.ofEntries(
        Map.entry("RELAY_BIND", "::1"),
        Map.entry("RELAY_PORT", "7001"),
        Map.entry("RELAY_PING_INTERVAL", "30s"),
        Map.entry("RELAY_PING_TIMEOUT", "1500ms"),
        Map.entry("RELAY_CONNECT_TIMEOUT", "2m"),
        Map.entry("RELAY_UPGRADE_TIMEOUT", "5s"),
        Map.entry("RELAY_MAX_MESSAGE", "64k"),
        Map.entry("RELAY_OUTBOX", "2M"),
        Map.entry("RELAY_MAX_SESSIONS", "500"),
        Map.entry("RELAY_ALLOWED_ORIGINS", "https://a.example, http://localhost:5173"),
        Map.entry("RELAY_TRUSTED_PROXIES", "10.0.0.0/8,fd00::1"),
        Map.entry("RELAY_API_BIND", "0.0.0.0"),
        Map.entry("RELAY_API_PORT", "7002"),
        Map.entry("RELAY_API_KEYS", KEY + "," + KEY + "2"),
        Map.entry("RELAY_MAX_EMIT", "2k"),
        Map.entry("RELAY_MAX_BATCH", "4096"),
        Map.entry("RELAY_AUTH", "laravel"),
        Map.entry("RELAY_JWT_SECRET", SECRET),
        Map.entry("RELAY_JWT_PUBLIC_KEY", "-----BEGIN PUBLIC KEY-----"),
        Map.entry("RELAY_JWKS_URL", "https://a.example/jwks.json"),
        Map.entry("RELAY_CLOCK_SKEW", "5s"),
        Map.entry("RELAY_INTROSPECTION_PATH", "/api/me"),
        Map.entry("RELAY_TOKEN_CACHE", "10s"),
        Map.entry("RELAY_LARAVEL_URL", "https://a.example"),
        Map.entry("RELAY_CHANNEL_AUTH_PATH", "/auth"),
        Map.entry("RELAY_LARAVEL_TIMEOUT", "2s"),
        Map.entry("RELAY_WEBHOOK_URL", "https://a.example/relay/webhook"),
        Map.entry("RELAY_WEBHOOK_SECRETS", KEY + "1," + KEY),
        Map.entry("RELAY_WEBHOOK_QUEUE", "500"),
        Map.entry("RELAY_PRESENCE_GRACE", "4s"),
        Map.entry("RELAY_CLIENT_EVENTS", "chat:*, typing"),
        Map.entry("RELAY_CLIENT_RATE", "5"),
        Map.entry("RELAY_USER_RATE", "9"),
        Map.entry("RELAY_CALL_HOLD", "45"),
        Map.entry("RELAY_REDIS_URL", "rediss://user:pass@redis.example:6380/1"),
        Map.entry("RELAY_REDIS_CA", "/etc/ca.pem"),
        Map.entry("RELAY_REDIS_CERT", "/etc/relay.pem"),
        Map.entry("RELAY_REDIS_KEY", "/etc/relay.key"),
        Map.entry("RELAY_REDIS_PREFIX", "mine:"),
        Map.entry("RELAY_LARAVEL_PREFIX", "shop_"),
        Map.entry("RELAY_STREAM_IN_FLIGHT", "200"),
        Map.entry("RELAY_HOLD_DEFAULT", "30"),
        Map.entry("RELAY_HELD_EVENTS", "50"),
        Map.entry("RELAY_HELD_BYTES", "32k"),
        Map.entry("RELAY_HELD_BYTES_IN_ALL", "2g"),
        Map.entry("RELAY_DRAIN", "20s"),
        Map.entry("RELAY_LOG", "json"),
        Map.entry("RELAY_LOG_LEVEL", "debug"));
  }

  @Test
  void laravelsPrefixMayBeEmpty() {
    List<String> prefixes =
        valid(Map.of("RELAY_LARAVEL_PREFIX", "none, shop_"), true).redis().laravelPrefixes();
    assertEquals(List.of("laravel_database_", "laravel-database-", "", "shop_"), prefixes);
  }

  @Test
  void aFlagWinsOverTheEnvironment() {
    Parsed parsed =
        ConfigReader.read(Map.of("RELAY_PORT", "7001"), Map.of(Setting.PORT, "7003"), true);

    Parsed.Valid valid = assertInstanceOf(Parsed.Valid.class, parsed);
    assertEquals(7003, valid.config().socket().port());
    assertTrue(valid.used().contains(new Used(Setting.PORT, "7003", Used.Source.FLAG)));
  }

  @Test
  void aBlankValueIsAsGoodAsNone() {
    assertEquals(
        6001, valid(Map.of("RELAY_PORT", " ", "RELAY_REDIS_URL", ""), true).socket().port());
  }

  @Test
  void secretsAreMaskedInWhatIsShown() {
    Map<String, String> environment = with("RELAY_REDIS_URL", "redis://u:hush@redis.example:6379");

    Parsed.Valid valid =
        assertInstanceOf(Parsed.Valid.class, ConfigReader.read(environment, Map.of(), false));

    String shown = valid.toString();
    assertFalse(shown.contains("hush") || shown.contains(KEY) || shown.contains(SECRET), shown);
    assertTrue(valid.used().contains(new Used(Setting.API_KEYS, "***", Used.Source.ENVIRONMENT)));
  }

  @Test
  void aPasswordInAUrlIsMaskedInWhatIsShown() {
    Map<String, String> environment =
        new HashMap<>(with("RELAY_WEBHOOK_URL", "https://u:hu%2Fsh@a.example/b?c=d@e"));
    environment.put("RELAY_WEBHOOK_SECRETS", KEY);

    Parsed.Valid valid =
        assertInstanceOf(Parsed.Valid.class, ConfigReader.read(environment, Map.of(), false));

    assertFalse(valid.toString().contains("hu%2Fsh"), valid::toString);
    assertTrue(
        valid
            .used()
            .contains(
                new Used(
                    Setting.WEBHOOK_URL, "https://***@a.example/b?c=d@e", Used.Source.ENVIRONMENT)),
        valid::toString);
  }

  @ParameterizedTest
  @CsvSource({
    "RELAY_WEBHOOK_URL, https://u:hu/sh@a.example, must be a URL",
    "RELAY_WEBHOOK_URL, https://u:hu sh@a.example, must be a URL",
    "RELAY_WEBHOOK_URL, ftp://u:hush@a.example, must be a URL",
    "RELAY_LARAVEL_URL, https://u:hush@a.example, must be without a user and a password",
    "RELAY_JWKS_URL, https://u:hush@a.example, must be without a user and a password"
  })
  void aPasswordInABadUrlIsNotRepeated(String variable, String value, String rule) {
    String problems = problems(with(variable, value), false).toString();

    assertTrue(problems.contains(variable + " " + rule), problems);
    assertTrue(problems.contains("://***@a.example"), problems);
    assertFalse(problems.contains("sh@"), problems);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "RELAY_BIND|relay.example|must be an IP address or localhost; it is \"relay.example\".",
        "RELAY_PORT|65536|must be a number from 0 to 65535; it is \"65536\".",
        "RELAY_PORT|-1|must be a number from 0 to 65535; it is \"-1\".",
        "RELAY_PORT|abc|must be a number from 0 to 65535; it is \"abc\".",
        "RELAY_PORT|99999999999999999999|must be a number from 0 to 65535;",
        "RELAY_PORT|6002|RELAY_PORT and RELAY_API_PORT are both 6002;",
        "RELAY_PING_INTERVAL|60s|must be a duration from 100ms to 59s, like 500ms, 25s or 2m;",
        "RELAY_PING_INTERVAL|25|must be a duration from 100ms to 59s",
        "RELAY_PING_INTERVAL|25 s|must be a duration",
        "RELAY_PING_INTERVAL|0|must be a duration",
        "RELAY_PING_TIMEOUT|999999999999999999h|must be a duration from 100ms to 10m",
        "RELAY_CONNECT_TIMEOUT|45sec|must be a duration",
        "RELAY_UPGRADE_TIMEOUT|-10s|must be a duration",
        "RELAY_MAX_MESSAGE|1mb|must be a size from 1k to 64m, like 64k, 1m or plain bytes",
        "RELAY_OUTBOX|1k|must be a size from 4k to 256m",
        "RELAY_MAX_SESSIONS|0|must be a number from 1 to 10000000",
        "RELAY_ALLOWED_ORIGINS|a.example|must list origins like https://app.example.com, or *",
        "RELAY_ALLOWED_ORIGINS|https://a.example/path|must list origins",
        "RELAY_TRUSTED_PROXIES|10.0.0.0/33|must list IP addresses and CIDR blocks",
        "RELAY_TRUSTED_PROXIES|proxy.example|must list IP addresses and CIDR blocks",
        "RELAY_API_BIND|everywhere|must be an IP address or localhost",
        "RELAY_API_KEYS|too-short|must have at least 32 characters in each key.",
        "RELAY_API_KEYS|0123456789 0123456789 0123456789 0|must have only printable ASCII",
        "RELAY_API_KEYS|,|RELAY_API_KEYS is missing; make a key with: openssl rand -hex 32",
        "RELAY_MAX_EMIT|1|must be a size from 1k to 64m",
        "RELAY_MAX_BATCH|1t|must be a size from 1k to 256m",
        "RELAY_AUTH|none|may be none only with --dev",
        "RELAY_AUTH|basic|must be one of jwt, laravel, none; it is \"basic\".",
        "RELAY_AUTH|laravel|RELAY_LARAVEL_URL is missing; RELAY_AUTH=laravel needs it.",
        "RELAY_JWT_SECRET|short|must have at least 32 characters.",
        "RELAY_JWT_SECRET||RELAY_AUTH=jwt needs exactly one of RELAY_JWT_SECRET,",
        "RELAY_JWKS_URL|https://a.example|set are RELAY_JWT_SECRET and RELAY_JWKS_URL.",
        "RELAY_CLOCK_SKEW|1h|must be a duration from 0 to 10m",
        "RELAY_INTROSPECTION_PATH|api/user|must be a path that begins with /",
        "RELAY_TOKEN_CACHE|2h|must be a duration from 0 to 1h",
        "RELAY_LARAVEL_URL|laravel.example|must be a URL like https://laravel.example.com",
        "RELAY_LARAVEL_URL|https:///path|must be a URL like https://laravel.example.com",
        "RELAY_CHANNEL_AUTH_PATH|/a b|must be a path that begins with /",
        "RELAY_LARAVEL_TIMEOUT|0|must be a duration from 100ms to 1m",
        "RELAY_WEBHOOK_URL|laravel|must be a URL like https://laravel.example.com",
        "RELAY_WEBHOOK_URL|https://a.example|RELAY_WEBHOOK_SECRETS is missing; RELAY_WEBHOOK_URL",
        "RELAY_WEBHOOK_SECRETS|short|must have at least 32 characters in each key.",
        "RELAY_WEBHOOK_QUEUE|0|must be a number from 1 to 1000000",
        "RELAY_PRESENCE_GRACE|1h|must be a duration from 0 to 10m",
        "RELAY_CLIENT_EVENTS|typing|RELAY_WEBHOOK_URL is missing; RELAY_CLIENT_EVENTS needs it.",
        "RELAY_CLIENT_RATE|0|must be a number from 1 to 100000",
        "RELAY_USER_RATE|0|must be a number from 1 to 100000",
        "RELAY_CALL_HOLD|2d|must be seconds from 0 to 86400",
        "RELAY_REDIS_URL|localhost:6379|must be a URL like redis://",
        "RELAY_HOLD_DEFAULT|1d|must be seconds from 0 to 86400, like 30 or 30s",
        "RELAY_HOLD_DEFAULT|86401|must be seconds from 0 to 86400",
        "RELAY_HOLD_DEFAULT|1500ms|must be whole seconds, like 30s",
        "RELAY_HELD_EVENTS|0|must be a number from 1 to 10000",
        "RELAY_HELD_BYTES|1|must be a size from 1k to 64m",
        "RELAY_HELD_BYTES_IN_ALL|2048g|must be a size from 1k to 1024g",
        "RELAY_DRAIN|11m|must be a duration from 0 to 10m",
        "RELAY_LOG|xml|must be one of text, json",
        "RELAY_LOG_LEVEL|loud|must be one of error, warn, info, debug, trace",
      })
  void aBadValueIsOneSentence(String variable, String value, String sentence) {
    List<String> problems = problems(with(variable, value == null ? "" : value), false);

    assertEquals(1, problems.size(), problems::toString);
    assertTrue(problems.getFirst().contains(sentence), problems::toString);
    assertTrue(problems.getFirst().contains(variable), problems::toString);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "RELAY_JWT_PUBLIC_KEY|/no/such/file|must be a PEM (-----BEGIN PUBLIC KEY-----) or a",
        "RELAY_JWKS_URL|ftp://a.example|must be a URL like https://laravel.example.com",
      })
  void aBadPublicKeyIsOneSentence(String variable, String value, String sentence) {
    List<String> problems = problems(Map.of("RELAY_AUTH", "jwt", variable, value), true);

    assertEquals(1, problems.size(), problems::toString);
    assertTrue(problems.getFirst().startsWith(variable + " " + sentence), problems::toString);
  }

  @Test
  void anEventHasAPatternOnlyAtItsEnd() {
    Map<String, String> environment =
        Map.of("RELAY_WEBHOOK_URL", "http://127.0.0.1", "RELAY_CLIENT_EVENTS", "chat*:typing");

    List<String> problems = problems(environment, true);

    assertEquals(1, problems.size(), problems::toString);
    assertTrue(
        problems.getFirst().contains("must list events like chat:typing"), problems::toString);
  }

  @Test
  void aBadSecretIsNotRepeated() {
    List<String> problems =
        problems(
            Map.of(
                "RELAY_API_KEYS",
                "hush1",
                "RELAY_JWT_SECRET",
                "hush2",
                "RELAY_AUTH",
                "jwt",
                "RELAY_REDIS_URL",
                "http://user:hush3@redis"),
            false);

    assertEquals(3, problems.size(), problems::toString);
    assertFalse(problems.toString().contains("hush"), problems::toString);
  }

  @Test
  void aProblemWithAFlagNamesTheFlagToo() {
    Parsed parsed = ConfigReader.read(Map.of(), Map.of(Setting.PORT, "http"), true);

    assertEquals(
        new Parsed.Invalid(
            List.of("--port (RELAY_PORT) must be a number from 0 to 65535; it is \"http\".")),
        parsed);
  }

  @Test
  void allProblemsAreListedAtOnce() {
    assertEquals(
        List.of(
            "RELAY_PROT is unknown; did you mean RELAY_PORT?",
            "RELAY_PORT must be a number from 0 to 65535; it is \"x\".",
            "RELAY_API_KEYS is missing; make a key with: openssl rand -hex 32 (or use --dev).",
            "RELAY_AUTH is missing; set jwt or laravel (or use --dev)."),
        problems(Map.of("RELAY_PROT", "1", "RELAY_PORT", "x"), false));
  }

  @ParameterizedTest
  @CsvSource({
    "RELAY_PROT, did you mean RELAY_PORT?",
    "RELAY_REDIS, did you mean RELAY_REDIS_URL?",
    "RELAY_API_KEY, did you mean RELAY_API_KEYS?",
    "RELAY_JWT_SECERT_FILE, did you mean RELAY_JWT_SECRET_FILE?",
    "RELAY_PORT_FILE, is unknown",
    "RELAY_WEBHOOKS_URI, is unknown",
    "RELAY_SOMETHING_ELSE, --help lists every setting.",
    "RELAY_SERVICE_HOST, enableServiceLinks: false",
    "RELAY_PORT_6001_TCP_ADDR, enableServiceLinks: false",
  })
  void anUnknownNameStopsTheStart(String name, String hint) {
    List<String> problems = problems(Map.of(name, "1"), true);

    assertEquals(1, problems.size(), problems::toString);
    assertTrue(problems.getFirst().startsWith(name + " is unknown"), problems::toString);
    assertTrue(problems.getFirst().contains(hint), problems::toString);
  }

  @Test
  void variablesOfOthersAreLeftAlone() {
    assertTrue(
        valid(Map.of("RELAY_TEST_REDIS_URL", "x", "PATH", "/bin", "RELAYS", "1"), true).dev());
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "192.168.1.5", "::"})
  void devStaysOnLoopback(String address) {
    for (String variable : List.of("RELAY_BIND", "RELAY_API_BIND")) {
      List<String> problems = problems(Map.of(variable, address), true);
      assertEquals(1, problems.size(), problems::toString);
      assertTrue(problems.getFirst().startsWith(variable + " must be a loopback address"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.2", "::1", "localhost"})
  void devMayUseAnyLoopbackAddress(String address) {
    assertEquals(address, valid(Map.of("RELAY_BIND", address), true).socket().bind());
  }

  @Test
  void devMayStillCheckTokens() {
    RelayConfig config = valid(Map.of("RELAY_AUTH", "JWT", "RELAY_JWT_SECRET", SECRET), true);

    assertEquals(AuthConfig.Mode.JWT, config.auth().mode());
  }

  @Test
  void aSecretMayStandInAFile() throws IOException {
    Path keys = Files.writeString(directory.resolve("keys"), KEY + "\n" + KEY + "2\n");
    Path secret = Files.writeString(directory.resolve("secret"), SECRET + "\r\n");
    Map<String, String> environment =
        Map.of(
            "RELAY_AUTH", "jwt",
            "RELAY_API_KEYS_FILE", keys.toString(),
            "RELAY_JWT_SECRET_FILE", secret.toString());

    RelayConfig config = valid(environment, false);

    assertEquals(List.of(new Secret(KEY), new Secret(KEY + "2")), config.api().keys());
    assertEquals(Optional.of(new Secret(SECRET)), config.auth().jwtSecret());
  }

  @Test
  void aSecretsFileMustBeReadableAndAlone() throws IOException {
    Path empty = Files.createFile(directory.resolve("empty"));
    Map<String, String> environment =
        Map.of(
            "RELAY_REDIS_URL_FILE",
            directory.resolve("none").toString(),
            "RELAY_JWT_SECRET_FILE",
            empty.toString(),
            "RELAY_API_KEYS",
            KEY,
            "RELAY_API_KEYS_FILE",
            "/run/secrets/keys");

    assertEquals(
        List.of(
            "RELAY_API_KEYS and RELAY_API_KEYS_FILE are both set; set one of them.",
            "RELAY_JWT_SECRET_FILE names " + empty + ", which is empty.",
            "RELAY_REDIS_URL_FILE names " + directory.resolve("none") + ", which cannot be read."),
        problems(environment, true));
  }

  private static Map<String, String> production() {
    return Map.of("RELAY_API_KEYS", KEY, "RELAY_AUTH", "jwt", "RELAY_JWT_SECRET", SECRET);
  }

  private static Map<String, String> with(String variable, String value) {
    Map<String, String> environment = new HashMap<>(production());
    environment.put(variable, value);
    return environment;
  }

  private static RelayConfig valid(Map<String, String> environment, boolean dev) {
    Parsed parsed = ConfigReader.read(environment, Map.of(), dev);
    return assertInstanceOf(Parsed.Valid.class, parsed, parsed::toString).config();
  }

  private static List<String> problems(Map<String, String> environment, boolean dev) {
    return assertInstanceOf(Parsed.Invalid.class, ConfigReader.read(environment, Map.of(), dev))
        .problems();
  }
}
