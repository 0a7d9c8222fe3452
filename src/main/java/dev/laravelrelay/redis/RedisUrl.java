package dev.laravelrelay.redis;

import dev.laravelrelay.config.Secret;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.HostAndPort;

/**
 * Where a Redis is and how to log in: {@code redis://[[user]:password@]host[:port][/db]}. With
 * {@code redis-sentinel} the hosts are Sentinels, and a query may name the master and the
 * Sentinels' own password: {@code ?master=mymaster&sentinel_password=…}. With {@code redis-cluster}
 * they are some nodes of a Cluster. {@code rediss} in place of {@code redis} is TLS.
 *
 * <p>User and password may be percent-encoded, and have to be where they hold one of {@code
 * /?#%@&}. The text form shows neither.
 *
 * @param hosts names (underscores are fine, unlike in {@code java.net.URI}) or addresses, IPv6 ones
 *     without brackets
 * @param master as the Sentinels call it; empty without Sentinels
 */
public record RedisUrl(
    Form form,
    List<HostAndPort> hosts,
    int database,
    boolean tls,
    @Nullable String user,
    @Nullable Secret password,
    String master,
    @Nullable Secret sentinelPassword) {

  /** What stands behind the hosts. */
  public enum Form {
    SINGLE("", 6379),
    SENTINEL("-sentinel", 26379),
    CLUSTER("-cluster", 6379);

    private final String suffix;
    private final int port;

    Form(String suffix, int port) {
      this.suffix = suffix;
      this.port = port;
    }

    private static Form of(String suffix) {
      return Stream.of(values()).filter(one -> one.suffix.equals(suffix)).findFirst().orElseThrow();
    }
  }

  private static final String HOST = "(?:\\[[0-9a-fA-F:.]+]|[\\w.-]+)(?::\\d{1,5})?";

  private static final Pattern URL =
      Pattern.compile(
          "redis(?<tls>s?)(?<form>|-sentinel|-cluster)://"
              + "(?:(?<user>[^:@/?#]*):(?<password>[^@/?#]*)@)?"
              + "(?<hosts>"
              + HOST
              + "(?:,"
              + HOST
              + ")*)"
              + "(?:/(?<database>\\d{0,5}))?"
              + "(?:\\?(?<query>[^#]*))?");

  private static final Pattern PARAMETER =
      Pattern.compile("(?<name>master|sentinel_password)=(?<value>[^&=]+)");

  private static final String MASTER = "mymaster";

  /**
   * Reads a URL.
   *
   * @throws IllegalArgumentException with a sentence that says what is expected and shows nothing
   *     of the URL
   */
  public static RedisUrl parse(Secret url) {
    Matcher parts = URL.matcher(url.reveal().strip());
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "the Redis URL is not of the form redis[s]://[[user]:password@]host[:port][/db]"
              + " or redis[s]-sentinel://…@host:port,host:port/db?master=mymaster"
              + " or redis[s]-cluster://…@host:port,host:port"
              + " (percent-encode / ? # % @ & in user and password)");
    }
    Form form = Form.of(parts.group("form"));
    String user = decoded(parts.group("user"));
    String password = decoded(parts.group("password"));
    if (password != null && password.isEmpty() && user != null && !user.isEmpty()) {
      throw new IllegalArgumentException("the Redis URL has a user, but no password");
    }
    RedisUrl read =
        new RedisUrl(
            form,
            hosts(parts.group("hosts"), form.port),
            number(parts.group("database"), 0),
            !parts.group("tls").isEmpty(),
            user == null || user.isEmpty() ? null : user,
            password == null || password.isEmpty() ? null : new Secret(password),
            form == Form.SENTINEL ? MASTER : "",
            null);
    return read.with(parts.group("query")).checked();
  }

  private RedisUrl checked() {
    if (form == Form.SINGLE && hosts.size() > 1) {
      throw new IllegalArgumentException(
          "the Redis URL has several hosts: that needs redis-sentinel:// or redis-cluster://");
    }
    if (form == Form.CLUSTER && database != 0) {
      throw new IllegalArgumentException(
          "the Redis URL has database %d: a Cluster has only 0".formatted(database));
    }
    return this;
  }

  private RedisUrl with(@Nullable String query) {
    if (query == null || query.isEmpty()) {
      return this;
    }
    String name = master;
    Secret secret = sentinelPassword;
    for (String one : query.split("&", -1)) {
      Matcher parameter = PARAMETER.matcher(one);
      if (form != Form.SENTINEL || !parameter.matches()) {
        throw new IllegalArgumentException(
            "the Redis URL has a query: only redis-sentinel:// may have master=… and"
                + " sentinel_password=…");
      }
      String value = decode(parameter.group("value"));
      if (parameter.group("name").equals("master")) {
        name = value;
      } else {
        secret = new Secret(value);
      }
    }
    return new RedisUrl(form, hosts, database, tls, user, password, name, secret);
  }

  /** The same with that one host, of those of a Cluster. */
  RedisUrl at(HostAndPort host) {
    return new RedisUrl(
        form, List.of(host), database, tls, user, password, master, sentinelPassword);
  }

  /** What may be shown: scheme, hosts, database, master. */
  @Override
  public String toString() {
    StringBuilder shown = new StringBuilder(tls ? "rediss" : "redis");
    shown.append(form.suffix).append("://");
    for (HostAndPort host : hosts) {
      boolean ipv6 = host.getHost().indexOf(':') >= 0;
      shown.append(ipv6 ? "[" + host.getHost() + "]" : host.getHost());
      shown.append(':').append(host.getPort()).append(',');
    }
    shown.setLength(shown.length() - 1);
    shown.append('/').append(database);
    return form == Form.SENTINEL ? shown + "?master=" + master : shown.toString();
  }

  private static List<HostAndPort> hosts(String text, int defaultPort) {
    List<HostAndPort> hosts = new ArrayList<>();
    for (String one : text.split(",", -1)) {
      int end = one.startsWith("[") ? one.indexOf(']') + 1 : one.indexOf(':');
      String host = end < 0 ? one : one.substring(0, end);
      int port = end < 0 || end == one.length() ? defaultPort : number(one.substring(end + 1), 0);
      if (port < 1 || port > 65_535) {
        throw new IllegalArgumentException("the Redis URL has port " + port);
      }
      hosts.add(new HostAndPort(host.replaceAll("[\\[\\]]", ""), port));
    }
    return List.copyOf(hosts);
  }

  private static int number(@Nullable String digits, int otherwise) {
    return digits == null || digits.isEmpty() ? otherwise : Integer.parseInt(digits);
  }

  private static @Nullable String decoded(@Nullable String text) {
    return text == null ? null : decode(text);
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "the Redis URL has a user or password that is not percent-encoded");
    }
  }
}
