package dev.laravelrelay.socket;

import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a client's first request said: its query and the headers that matter later.
 *
 * @param query the decoded parameters, without Engine.IO's own
 * @param authorization the Authorization header; empty if there was none
 * @param transport {@code polling} or {@code websocket}
 * @param remoteAddress the client's, as far as trusted proxies tell it
 */
public record Handshake(
    Map<String, List<String>> query,
    String authorization,
    String transport,
    InetAddress remoteAddress) {

  private static final String BEARER = "bearer ";

  /** The first value of a query parameter. */
  public @Nullable String query(String name) {
    List<String> values = query.get(name);
    return values == null || values.isEmpty() ? null : values.getFirst();
  }

  /** The token from the Authorization header or else from the query; empty if there is none. */
  public String token() {
    if (authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      return authorization.substring(BEARER.length()).trim();
    }
    String token = query("token");
    return token == null ? "" : token;
  }

  /** Without the token. */
  @Override
  public String toString() {
    return "Handshake[" + transport + " from " + remoteAddress.getHostAddress() + "]";
  }
}
