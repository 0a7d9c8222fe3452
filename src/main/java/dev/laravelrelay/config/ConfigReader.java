package dev.laravelrelay.config;

import dev.laravelrelay.config.AuthConfig.Mode;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Reads the settings: flags win over the environment, every problem is found in one go. Reads the
 * files that {@code _FILE} variables name; touches nothing else.
 */
public final class ConfigReader {

  /** Keys and secrets are not shorter than this, outside {@code --dev}. */
  static final int SECRET_LENGTH = 32;

  private static final List<String> LARAVEL_PREFIXES =
      List.of("laravel_database_", "laravel-database-");

  /** What stands for Laravel's prefix where that is empty. */
  private static final String NO_PREFIX = "none";

  private final Values values;
  private final boolean dev;

  private ConfigReader(Values values, boolean dev) {
    this.values = values;
    this.dev = dev;
  }

  /**
   * Reads them.
   *
   * @param environment all of it: what begins with {@code RELAY_} and is not known is a problem
   * @param flags those that were given, as they were written
   * @param dev insecure, and therefore on loopback only
   */
  public static Parsed read(
      Map<String, String> environment, Map<Setting, String> flags, boolean dev) {
    RawSettings raw = new RawSettings(environment, flags, dev);
    RelayConfig config = new ConfigReader(new Values(raw), dev).config();
    if (!raw.problems().isEmpty()) {
      return new Parsed.Invalid(List.copyOf(raw.problems()));
    }
    return new Parsed.Valid(
        config, Arrays.stream(Setting.values()).map(raw::of).map(ConfigReader::masked).toList());
  }

  /**
   * One setting's secrets alone, for a command that needs no more: those of a list, or one.
   *
   * @return empty if there is none, or its file cannot be read
   */
  public static List<Secret> secrets(
      Setting setting, Map<String, String> environment, boolean dev) {
    Values values = new Values(new RawSettings(environment, Map.of(), dev));
    return setting.kind() == Setting.Kind.SECRETS
        ? values.secrets(setting, 1)
        : values.secret(setting, 1).stream().toList();
  }

  private RelayConfig config() {
    SocketConfig socket = socket();
    ApiConfig api = api();
    if (socket.port() != 0 && socket.port() == api.port()) {
      values.problem(
          "RELAY_PORT and RELAY_API_PORT are both "
              + api.port()
              + "; the public and the private door need two ports.");
    }
    Optional<URI> laravel = values.plainUrl(Setting.LARAVEL_URL);
    return new RelayConfig(
        dev,
        socket,
        api,
        auth(),
        new LaravelConfig(
            laravel,
            values.path(Setting.CHANNEL_AUTH_PATH),
            values.duration(Setting.LARAVEL_TIMEOUT)),
        webhooks(),
        redis(),
        delivery(),
        values.duration(Setting.DRAIN),
        log());
  }

  private SocketConfig socket() {
    return new SocketConfig(
        values.address(Setting.BIND, dev),
        values.number(Setting.PORT),
        values.duration(Setting.PING_INTERVAL),
        values.duration(Setting.PING_TIMEOUT),
        values.duration(Setting.CONNECT_TIMEOUT),
        values.duration(Setting.UPGRADE_TIMEOUT),
        values.size(Setting.MAX_MESSAGE),
        values.size(Setting.OUTBOX),
        values.number(Setting.MAX_SESSIONS),
        values.origins(Setting.ALLOWED_ORIGINS),
        values.networks(Setting.TRUSTED_PROXIES));
  }

  private ApiConfig api() {
    List<Secret> keys = values.secrets(Setting.API_KEYS, dev ? 1 : SECRET_LENGTH);
    if (keys.isEmpty()) {
      values.problem(
          "RELAY_API_KEYS is missing; make a key with: openssl rand -hex 32 (or use --dev).");
    }
    return new ApiConfig(
        values.address(Setting.API_BIND, dev),
        values.number(Setting.API_PORT),
        keys,
        values.size(Setting.MAX_EMIT),
        values.size(Setting.MAX_BATCH));
  }

  private AuthConfig auth() {
    Optional<Mode> mode = values.choice(Setting.AUTH, Mode.class);
    if (!values.isSet(Setting.AUTH)) {
      values.problem("RELAY_AUTH is missing; set jwt or laravel (or use --dev).");
    }
    mode.ifPresent(this::requireWhatItNeeds);
    return new AuthConfig(
        mode.orElse(Mode.JWT),
        values.secret(Setting.JWT_SECRET, SECRET_LENGTH),
        publicKey(),
        values.plainUrl(Setting.JWKS_URL),
        values.duration(Setting.CLOCK_SKEW),
        values.path(Setting.INTROSPECTION_PATH),
        values.duration(Setting.TOKEN_CACHE));
  }

  private void requireWhatItNeeds(Mode mode) {
    switch (mode) {
      case JWT -> requireOneKindOfKey();
      case LARAVEL -> {
        if (!values.isSet(Setting.LARAVEL_URL)) {
          values.problem("RELAY_LARAVEL_URL is missing; RELAY_AUTH=laravel needs it.");
        }
      }
      case NONE -> {
        if (!dev) {
          values.problem(Setting.AUTH, "may be none only with --dev: it lets anyone be any user");
        }
      }
    }
  }

  private void requireOneKindOfKey() {
    List<String> given =
        Stream.of(Setting.JWT_SECRET, Setting.JWT_PUBLIC_KEY, Setting.JWKS_URL)
            .filter(values::isSet)
            .map(Setting::variable)
            .toList();
    if (given.size() != 1) {
      values.problem(
          "RELAY_AUTH=jwt needs exactly one of RELAY_JWT_SECRET, RELAY_JWT_PUBLIC_KEY and"
              + " RELAY_JWKS_URL; set "
              + (given.isEmpty() ? "is none." : "are " + String.join(" and ", given) + "."));
    }
  }

  private Optional<String> publicKey() {
    Optional<String> key = values.optional(Setting.JWT_PUBLIC_KEY);
    if (key.filter(it -> !it.startsWith("-----BEGIN ") && !isReadable(it)).isPresent()) {
      values.problem(
          Setting.JWT_PUBLIC_KEY, "must be a PEM (-----BEGIN PUBLIC KEY-----) or a readable file");
    }
    return key;
  }

  private static boolean isReadable(String path) {
    try {
      Path file = Path.of(path);
      return Files.isRegularFile(file) && Files.isReadable(file);
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private WebhookConfig webhooks() {
    Optional<URI> url = values.url(Setting.WEBHOOK_URL);
    List<Secret> secrets = values.secrets(Setting.WEBHOOK_SECRETS, dev ? 1 : SECRET_LENGTH);
    if (url.isPresent() && secrets.isEmpty()) {
      values.problem(
          "RELAY_WEBHOOK_SECRETS is missing; RELAY_WEBHOOK_URL needs it, make one with:"
              + " openssl rand -hex 32.");
    }
    List<String> clientEvents = values.names(Setting.CLIENT_EVENTS);
    if (!clientEvents.isEmpty() && !values.isSet(Setting.WEBHOOK_URL)) {
      values.problem("RELAY_WEBHOOK_URL is missing; RELAY_CLIENT_EVENTS needs it.");
    }
    return new WebhookConfig(
        url,
        secrets,
        values.number(Setting.WEBHOOK_QUEUE),
        values.duration(Setting.PRESENCE_GRACE),
        clientEvents,
        values.number(Setting.CLIENT_RATE),
        values.number(Setting.USER_RATE),
        values.seconds(Setting.CALL_HOLD));
  }

  private RedisConfig redis() {
    Set<String> prefixes = new LinkedHashSet<>(LARAVEL_PREFIXES);
    values.list(Setting.LARAVEL_PREFIX).stream()
        .map(prefix -> prefix.equals(NO_PREFIX) ? "" : prefix)
        .forEach(prefixes::add);
    return new RedisConfig(
        values.redisUrl(Setting.REDIS_URL),
        values.text(Setting.REDIS_PREFIX),
        List.copyOf(prefixes),
        values.number(Setting.STREAM_IN_FLIGHT),
        new RedisConfig.Tls(
            values.optional(Setting.REDIS_CA),
            values.optional(Setting.REDIS_CERT),
            values.secret(Setting.REDIS_KEY, 1)));
  }

  private DeliveryConfig delivery() {
    return new DeliveryConfig(
        values.seconds(Setting.HOLD_DEFAULT),
        values.number(Setting.HELD_EVENTS),
        values.size(Setting.HELD_BYTES),
        values.longSize(Setting.HELD_BYTES_IN_ALL));
  }

  private LogConfig log() {
    return new LogConfig(
        values.choice(Setting.LOG, LogConfig.Format.class).orElse(LogConfig.Format.TEXT),
        values.choice(Setting.LOG_LEVEL, LogConfig.Level.class).orElse(LogConfig.Level.INFO));
  }

  private static Used masked(Used used) {
    if (used.setting().isSecret() && !used.value().isEmpty()) {
      return new Used(used.setting(), "***", used.source());
    }
    if (used.setting().kind() == Setting.Kind.URL) {
      return new Used(used.setting(), Credentials.masked(used.value()), used.source());
    }
    return used.value().startsWith("-----BEGIN ")
        ? new Used(used.setting(), "a PEM", used.source())
        : used;
  }
}
