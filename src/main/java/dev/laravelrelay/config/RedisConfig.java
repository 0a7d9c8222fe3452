package dev.laravelrelay.config;

import java.util.List;
import java.util.Optional;

/**
 * The way to Redis; without a URL the relay runs as a single node, in memory.
 *
 * @param url with user and password if there are any: hence a secret
 * @param prefix before every key and channel of the relay's own
 * @param laravelPrefixes before the channels of Laravel's redis broadcaster, and before the names
 *     of its streams
 * @param streamInFlight how many emits of one stream this node has under way; 0: it reads none
 */
public record RedisConfig(
    Optional<Secret> url,
    String prefix,
    List<String> laravelPrefixes,
    int streamInFlight,
    Tls tls) {

  /** With nothing but what the system trusts. */
  public RedisConfig(
      Optional<Secret> url, String prefix, List<String> laravelPrefixes, int streamInFlight) {
    this(url, prefix, laravelPrefixes, streamInFlight, Tls.NONE);
  }

  /**
   * For {@code rediss}: each a PEM, or the path of one.
   *
   * @param ca who signs Redis's certificate; empty for those whom the system trusts
   * @param certificate the relay's own
   * @param key of that certificate
   */
  public record Tls(Optional<String> ca, Optional<String> certificate, Optional<Secret> key) {

    public static final Tls NONE = new Tls(Optional.empty(), Optional.empty(), Optional.empty());
  }
}
