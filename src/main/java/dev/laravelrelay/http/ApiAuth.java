package dev.laravelrelay.http;

import dev.laravelrelay.auth.ApiKeys;
import io.javalin.http.Context;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Lets only those in who have an API key; health is open. */
final class ApiAuth {

  private static final String SCHEME = "Bearer ";
  private static final Set<String> OPEN = Set.of("/health", "/health/live", "/health/ready");

  private final ApiKeys keys;
  private final ApiErrors errors;

  ApiAuth(ApiKeys keys, ApiErrors errors) {
    this.keys = keys;
    this.errors = errors;
  }

  /** Answers 401 and ends the request, unless it may pass. */
  void check(Context ctx) {
    if (!OPEN.contains(ctx.path()) && !accepts(ctx.req().getHeader("Authorization"))) {
      ctx.header("WWW-Authenticate", "Bearer");
      errors.refuse(ctx, 401);
      ctx.skipRemainingHandlers();
    }
  }

  /** Whether an {@code Authorization} header carries one of the keys. */
  boolean accepts(@Nullable String header) {
    return header != null
        && header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
        && keys.accepts(header.substring(SCHEME.length()).strip());
  }
}
