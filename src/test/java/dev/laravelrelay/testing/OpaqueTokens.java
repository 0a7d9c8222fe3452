package dev.laravelrelay.testing;

import java.io.IOException;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A Laravel that knows whose an opaque token is: {@code user|device}, until it is revoked. */
public final class OpaqueTokens implements AutoCloseable {

  private final Set<String> revoked = ConcurrentHashMap.newKeySet();
  private final LoopbackHttp http =
      new LoopbackHttp(
          exchange -> {
            String bearer = LoopbackHttp.answered().headers().get("authorization");
            String token = bearer.substring("Bearer ".length());
            String user = token.substring(0, token.indexOf('|'));
            LoopbackHttp.json(
                    revoked.contains(token) ? 401 : 200, "{\"id\":\"%s\"}".formatted(user))
                .to(exchange);
          });

  public OpaqueTokens() throws IOException {}

  public URI url() {
    return http.url();
  }

  /** It is nobody's any more. */
  public void revoke(String token) {
    revoked.add(token);
  }

  @Override
  public void close() {
    http.close();
  }
}
