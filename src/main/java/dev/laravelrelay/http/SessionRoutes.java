package dev.laravelrelay.http;

import dev.laravelrelay.delivery.Logouts;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs a user out of the relay. */
final class SessionRoutes {

  private static final Logger log = LoggerFactory.getLogger(SessionRoutes.class);

  private final Logouts logouts;
  private final ApiErrors errors;
  private final Executor threads;

  /**
   * @param threads write the answers
   */
  SessionRoutes(Logouts logouts, ApiErrors errors, Executor threads) {
    this.logouts = logouts;
    this.errors = errors;
    this.threads = threads;
  }

  void addTo(RoutesConfig routes) {
    routes.delete("/api/users/{id}/sessions", this::end);
  }

  private void end(Context ctx) {
    String user = ctx.pathParam("id");
    ctx.future(
        () ->
            logouts
                .logOut(user, ctx.queryParam("except"))
                .thenAcceptAsync(sessions -> answer(ctx, user, sessions), threads)
                .exceptionally(failure -> away(ctx, failure))
                .toCompletableFuture());
  }

  private static void answer(Context ctx, String user, int sessions) {
    byte[] body =
        JsonBytes.object(
            out -> {
              out.writeStringProperty("user", user);
              out.writeNumberProperty("sessions", sessions);
            });
    ctx.contentType(ApiErrors.JSON).result(body);
  }

  private @Nullable Void away(Context ctx, Throwable failure) {
    log.warn("other nodes cannot be told of a logout: {}", failure.toString());
    ctx.header("Retry-After", "1");
    errors.refuse(ctx, 503, "Other nodes cannot be told now; send it again.");
    return null;
  }
}
