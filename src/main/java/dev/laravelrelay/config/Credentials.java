package dev.laravelrelay.config;

import java.net.URI;
import java.util.Optional;

/** The user and password that may stand in a URL, {@code https://user:password@host/}. */
public final class Credentials {

  private static final String MASK = "://***@";

  private Credentials() {}

  /** The URL's text with {@code ***} in their place, be it a good URL or not. */
  public static String masked(String text) {
    Optional<URI> url = Values.uriWithHost(text);
    return url.isPresent()
        ? of(url.get()).map(raw -> replaced(text, raw, MASK)).orElse(text)
        : text.replaceFirst("(?s)://.*@", MASK);
  }

  /** As they are written in the URL, percent-encoded. */
  static Optional<String> of(URI url) {
    return Optional.ofNullable(url.getRawUserInfo());
  }

  /** The URL without them. */
  public static URI without(URI url) {
    return of(url).map(raw -> URI.create(replaced(url.toString(), raw, "://"))).orElse(url);
  }

  private static String replaced(String text, String raw, String by) {
    return text.replace("://" + raw + "@", by);
  }
}
