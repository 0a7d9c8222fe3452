package dev.laravelrelay.config;

import java.util.Locale;
import java.util.Optional;

/**
 * Every setting of a relay, once: its {@code RELAY_*} variable and its flag (both follow from the
 * constant's name), default, range and help. {@link ConfigReader} reads by it, {@code --help} is
 * printed from it.
 */
public enum Setting {
  BIND(Section.SOCKETS, Kind.ADDRESS, "0.0.0.0", "127.0.0.1", "Address of the public door."),
  PORT(Section.SOCKETS, 6001, 0, 65_535, "Port of the public door; 0 takes a free one."),
  PING_INTERVAL(
      Section.SOCKETS,
      Kind.DURATION,
      "25s",
      100,
      59_000,
      "How often a silent client is asked whether it is there; Android gives a poll up after 60s."),
  PING_TIMEOUT(
      Section.SOCKETS, Kind.DURATION, "20s", 100, 600_000, "How long its answer may take."),
  CONNECT_TIMEOUT(
      Section.SOCKETS,
      Kind.DURATION,
      "45s",
      100,
      600_000,
      "By when a client must have said who it is."),
  UPGRADE_TIMEOUT(
      Section.SOCKETS,
      Kind.DURATION,
      "10s",
      100,
      600_000,
      "By when a WebSocket must have taken over from polling."),
  MAX_MESSAGE(
      Section.SOCKETS,
      Kind.SIZE,
      "1000000",
      1_024,
      64 << 20,
      "The largest message that a client may send."),
  OUTBOX(
      Section.SOCKETS,
      Kind.SIZE,
      "1m",
      4_096,
      256 << 20,
      "What may wait unwritten for one client; a client that lets more gather is dropped."),
  MAX_SESSIONS(
      Section.SOCKETS, 100_000, 1, 10_000_000, "Clients at once; more are refused with 503."),
  ALLOWED_ORIGINS(
      Section.SOCKETS,
      Kind.ORIGINS,
      "",
      "*",
      "Origins of browsers that may connect, or *; apps need none."),
  TRUSTED_PROXIES(
      Section.SOCKETS,
      Kind.NETWORKS,
      "",
      "Addresses and CIDR blocks of proxies whose X-Forwarded-For is believed."),

  API_BIND(
      Section.API,
      Kind.ADDRESS,
      "127.0.0.1",
      "Address of the private door; 0.0.0.0 in a container, never reachable for phones."),
  API_PORT(Section.API, 6002, 0, 65_535, "Port of the private door; 0 takes a free one."),
  API_KEYS(
      Section.API,
      Kind.SECRETS,
      "",
      "dev-key",
      "Keys of which callers must send one, each at least 32 characters; two while one is rotated."),
  MAX_EMIT(Section.API, Kind.SIZE, "1m", 1_024, 64 << 20, "The largest body of one emit."),
  MAX_BATCH(Section.API, Kind.SIZE, "16m", 1_024, 256 << 20, "The largest body of a batch."),

  AUTH(
      Section.AUTH,
      Kind.TEXT,
      "",
      "none",
      "How clients prove who they are: jwt, laravel, or none (only with --dev)."),
  JWT_SECRET(
      Section.AUTH,
      Kind.SECRET,
      "",
      "Laravel's JWT_SECRET as in its .env (HS256), at least 32 characters."),
  JWT_PUBLIC_KEY(
      Section.AUTH, Kind.TEXT, "", "The public key of RS256 or ES256: a PEM or a PEM file's path."),
  JWKS_URL(Section.AUTH, Kind.URL, "", "Where the public keys are published."),
  CLOCK_SKEW(Section.AUTH, Kind.DURATION, "30s", 0, 600_000, "How far Laravel's clock may differ."),
  INTROSPECTION_PATH(
      Section.AUTH, Kind.PATH, "/api/user", "Where Laravel tells whose token it is (laravel)."),
  TOKEN_CACHE(
      Section.AUTH,
      Kind.DURATION,
      "60s",
      0,
      3_600_000,
      "How long Laravel's answer on a token is believed (laravel)."),

  LARAVEL_URL(Section.LARAVEL, Kind.URL, "", "Laravel's base URL."),
  CHANNEL_AUTH_PATH(
      Section.LARAVEL,
      Kind.PATH,
      "/broadcasting/auth",
      "Where Laravel authorises private and presence channels."),
  LARAVEL_TIMEOUT(
      Section.LARAVEL, Kind.DURATION, "3s", 100, 60_000, "How long Laravel may take to answer."),

  WEBHOOK_URL(
      Section.WEBHOOKS, Kind.URL, "", "Where Laravel hears of calls, client events and presence."),
  WEBHOOK_SECRETS(
      Section.WEBHOOKS,
      Kind.SECRETS,
      "",
      "dev-webhook-secret",
      "What webhooks are signed with, at least 32 characters; the first of several signs."),
  WEBHOOK_QUEUE(
      Section.WEBHOOKS,
      10_000,
      1,
      1_000_000,
      "How many webhooks may wait for Laravel; the oldest goes first."),
  PRESENCE_GRACE(
      Section.WEBHOOKS,
      Kind.DURATION,
      "10s",
      0,
      600_000,
      "After how long without a session a user is told to Laravel as offline."),
  CLIENT_EVENTS(
      Section.WEBHOOKS,
      Kind.LIST,
      "",
      "Events of clients that Laravel hears: names, or prefixes like chat:*."),
  CLIENT_RATE(
      Section.WEBHOOKS,
      20,
      1,
      100_000,
      "Events that one client may send each second, twice as many at once; subscribe and auth:"
          + " as many, 200 at once."),
  USER_RATE(
      Section.WEBHOOKS,
      50,
      1,
      100_000,
      "Events that one user's clients may send to one node each second."),
  CALL_HOLD(
      Section.WEBHOOKS,
      Kind.SECONDS,
      "30",
      0,
      86_400_000,
      "The hold of a call's events, in whole seconds."),

  REDIS_URL(
      Section.REDIS,
      Kind.SECRET,
      "",
      "redis://user:password@host:port/db, redis-sentinel://host,host?master=name or"
          + " redis-cluster://host,host; rediss for"
          + " TLS; without it the relay is one node."),
  REDIS_CA(
      Section.REDIS,
      Kind.TEXT,
      "",
      "Who signs the certificate of a rediss server: a PEM or a PEM file's path; else the system's."),
  REDIS_CERT(
      Section.REDIS,
      Kind.TEXT,
      "",
      "The relay's own certificate, where Redis wants one: likewise, with its chain."),
  REDIS_KEY(
      Section.REDIS, Kind.SECRET, "", "Its private key, PKCS#8 without passphrase: likewise."),
  REDIS_PREFIX(Section.REDIS, Kind.TEXT, "relay:", "Before the relay's own keys and channels."),
  LARAVEL_PREFIX(
      Section.REDIS,
      Kind.LIST,
      "",
      "Laravel's REDIS_PREFIX, if not laravel_database_ or laravel-database-; none: an empty one."),
  STREAM_IN_FLIGHT(
      Section.REDIS,
      256,
      0,
      10_000,
      "Emits of the stream relay:emit that may be under way; with 0 this node does not read it."),

  HOLD_DEFAULT(
      Section.DELIVERY,
      Kind.SECONDS,
      "0",
      0,
      86_400_000,
      "The hold of an emit that names none, in whole seconds; 0 keeps nothing."),
  HELD_EVENTS(Section.DELIVERY, 100, 1, 10_000, "Held events of one user; the oldest goes first."),
  HELD_BYTES(
      Section.DELIVERY, Kind.SIZE, "1m", 1_024, 64 << 20, "Bytes held for one user, likewise."),
  HELD_BYTES_IN_ALL(
      Section.DELIVERY, Kind.SIZE, "256m", 1_024, 1L << 40, "Bytes held for all, likewise."),

  DRAIN(
      Section.PROCESS,
      Kind.DURATION,
      "10s",
      0,
      600_000,
      "Over how long clients are dropped on SIGTERM; systemd or Docker must wait longer."),
  LOG(Section.PROCESS, Kind.TEXT, "text", "What a log line is: text or json."),
  LOG_LEVEL(Section.PROCESS, Kind.TEXT, "info", "error, warn, info, debug or trace.");

  /** What every variable begins with. */
  public static final String PREFIX = "RELAY_";

  /** Under which heading a setting stands in the help. */
  public enum Section {
    SOCKETS("Sockets, the public door"),
    API("API, the private door"),
    AUTH("Who clients are"),
    LARAVEL("Laravel"),
    WEBHOOKS("What clients say: calls, client events, webhooks"),
    REDIS("Redis"),
    DELIVERY("Delivery"),
    PROCESS("The process");

    private final String title;

    Section(String title) {
      this.title = title;
    }

    public String title() {
      return title;
    }
  }

  /** How a setting is written. */
  public enum Kind {
    TEXT("text"),
    NUMBER("number"),
    SIZE("size"),
    DURATION("duration"),
    SECONDS("seconds"),
    ADDRESS("address"),
    URL("url"),
    PATH("path"),
    LIST("a,b"),
    ORIGINS("a,b"),
    NETWORKS("a,b"),
    SECRET("secret"),
    SECRETS("a,b");

    private final String placeholder;

    Kind(String placeholder) {
      this.placeholder = placeholder;
    }

    /** What stands for the value in a usage text. */
    public String placeholder() {
      return placeholder;
    }
  }

  private final Section section;
  private final Kind kind;
  private final String byDefault;
  private final String byDefaultInDev;
  private final long min;
  private final long max;
  private final String help;

  Setting(Section section, int byDefault, long min, long max, String help) {
    this(section, Kind.NUMBER, Integer.toString(byDefault), min, max, help);
  }

  Setting(Section section, Kind kind, String byDefault, String help) {
    this(section, kind, byDefault, byDefault, help);
  }

  Setting(Section section, Kind kind, String byDefault, String byDefaultInDev, String help) {
    this(section, kind, byDefault, byDefaultInDev, 0, 0, help);
  }

  Setting(Section section, Kind kind, String byDefault, long min, long max, String help) {
    this(section, kind, byDefault, byDefault, min, max, help);
  }

  Setting(
      Section section,
      Kind kind,
      String byDefault,
      String byDefaultInDev,
      long min,
      long max,
      String help) {
    this.section = section;
    this.kind = kind;
    this.byDefault = byDefault;
    this.byDefaultInDev = byDefaultInDev;
    this.min = min;
    this.max = max;
    this.help = help;
  }

  /** The environment variable: {@code RELAY_REDIS_URL}. */
  public String variable() {
    return PREFIX + name();
  }

  /** The flag: {@code --redis-url}. */
  public String flag() {
    return "--" + name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The variable that names a file with the value; only a secret has one. */
  public Optional<String> fileVariable() {
    return isSecret() ? Optional.of(variable() + "_FILE") : Optional.empty();
  }

  /** Whether its value is never shown. */
  public boolean isSecret() {
    return kind == Kind.SECRET || kind == Kind.SECRETS;
  }

  public Section section() {
    return section;
  }

  public Kind kind() {
    return kind;
  }

  /** The default as it would be written; empty if there is none. */
  public String byDefault(boolean dev) {
    return dev ? byDefaultInDev : byDefault;
  }

  /** The least allowed: a number, bytes or milliseconds, by kind. */
  public long min() {
    return min;
  }

  /** The most allowed: a number, bytes or milliseconds, by kind. */
  public long max() {
    return max;
  }

  /** What a value must be, to follow the setting's name in a sentence. */
  String range() {
    return switch (kind) {
      case DURATION ->
          "must be a duration from %s to %s, like 500ms, 25s or 2m"
              .formatted(Quantity.showMillis(min), Quantity.showMillis(max));
      case SECONDS ->
          "must be seconds from %d to %d, like 30 or 30s".formatted(min / 1_000, max / 1_000);
      case SIZE ->
          "must be a size from %s to %s, like 64k, 1m or plain bytes"
              .formatted(Quantity.showBytes(min), Quantity.showBytes(max));
      default -> "must be a number from %d to %d".formatted(min, max);
    };
  }

  /** What it is, in one sentence. */
  public String help() {
    return help;
  }
}
