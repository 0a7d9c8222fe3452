package dev.laravelrelay.redis;

import dev.laravelrelay.config.Secret;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a Redis is and how to log in: {@code redis[s]://[[user]:password@]host[:port][/db]}. User
 * and password may be percent-encoded, and have to be where they hold one of {@code /?#%@}. The
 * text form never shows the password.
 *
 * @param host a name (underscores are fine, unlike in {@code java.net.URI}) or an address, an IPv6
 *     one without brackets
 * @param tls whether the scheme is {@code rediss}
 */
public record RedisUrl(
    String host,
    int port,
    int database,
    boolean tls,
    @Nullable String user,
    @Nullable Secret password) {

  private static final int DEFAULT_PORT = 6379;

  private static final Pattern FORM =
      Pattern.compile(
          "redis(?<tls>s?)://"
              + "(?:(?<user>[^:@/?#]*):(?<password>[^@/?#]*)@)?"
              + "(?:\\[(?<ipv6>[0-9a-fA-F:.]+)]|(?<host>[\\w.-]+))"
              + "(?::(?<port>\\d{1,5}))?"
              + "(?:/(?<database>\\d{0,5}))?");

  /**
   * Reads a URL.
   *
   * @throws IllegalArgumentException with a sentence that says what is expected and shows nothing
   *     of the URL
   */
  public static RedisUrl parse(Secret url) {
    Matcher form = FORM.matcher(url.reveal().strip());
    if (!form.matches()) {
      throw new IllegalArgumentException(
          "the Redis URL is not of the form redis[s]://[[user]:password@]host[:port][/db]"
              + " (percent-encode / ? # % @ in user and password)");
    }
    int port = number(form.group("port"), DEFAULT_PORT);
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException("the Redis URL has port " + port);
    }
    String user = decoded(form.group("user"));
    String password = decoded(form.group("password"));
    if (password != null && password.isEmpty() && user != null && !user.isEmpty()) {
      throw new IllegalArgumentException("the Redis URL has a user, but no password");
    }
    String ipv6 = form.group("ipv6");
    return new RedisUrl(
        ipv6 == null ? form.group("host") : ipv6,
        port,
        number(form.group("database"), 0),
        !form.group("tls").isEmpty(),
        user == null || user.isEmpty() ? null : user,
        password == null || password.isEmpty() ? null : new Secret(password));
  }

  /** What may be shown: scheme, host, port, database. */
  @Override
  public String toString() {
    String shown = host.indexOf(':') < 0 ? host : "[" + host + "]";
    return (tls ? "rediss://" : "redis://") + shown + ":" + port + "/" + database;
  }

  private static int number(@Nullable String digits, int otherwise) {
    return digits == null || digits.isEmpty() ? otherwise : Integer.parseInt(digits);
  }

  private static @Nullable String decoded(@Nullable String text) {
    if (text == null) {
      return null;
    }
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "the Redis URL has a user or password that is not percent-encoded");
    }
  }
}
