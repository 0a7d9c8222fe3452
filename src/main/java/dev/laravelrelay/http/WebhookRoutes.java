package dev.laravelrelay.http;

import dev.laravelrelay.delivery.WebhookQueue;
import dev.laravelrelay.delivery.WebhookQueue.Dead;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code /api/webhooks}: what Laravel never took, and sending it again. */
final class WebhookRoutes {

  private static final Logger log = LoggerFactory.getLogger(WebhookRoutes.class);

  private final WebhookQueue queue;
  private final ApiErrors errors;
  private final Executor threads;

  /**
   * @param threads write the answers that come late
   */
  WebhookRoutes(WebhookQueue queue, ApiErrors errors, Executor threads) {
    this.queue = queue;
    this.errors = errors;
    this.threads = threads;
  }

  void addTo(RoutesConfig routes) {
    routes.get("/api/webhooks/dead", ctx -> later(ctx, queue.dead(), dead -> list(ctx, dead)));
    routes.post(
        "/api/webhooks/dead/retry",
        ctx -> later(ctx, queue.retryAll(), queued -> json(ctx, Map.of("queued", queued))));
    routes.post(
        "/api/webhooks/dead/{id}/retry",
        ctx -> later(ctx, queue.retry(ctx.pathParam("id")), known -> retried(ctx, known)));
  }

  private <T> void later(Context ctx, CompletionStage<T> stage, Consumer<T> answer) {
    ctx.future(
        () ->
            stage
                .thenAcceptAsync(answer, threads)
                .exceptionally(failure -> away(ctx, failure))
                .toCompletableFuture());
  }

  private @Nullable Void away(Context ctx, Throwable failure) {
    log.warn("the webhooks cannot be reached: {}", failure.toString());
    ctx.header("Retry-After", "1");
    errors.refuse(ctx, 503, "The webhooks cannot be reached now; ask again.");
    return null;
  }

  private void list(Context ctx, List<Dead> dead) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("queued", queue.size());
    body.put("dead", dead.stream().map(WebhookRoutes::describe).toList());
    json(ctx, body);
  }

  private void retried(Context ctx, boolean known) {
    if (known) {
      json(ctx, Map.of("queued", 1));
    } else {
      errors.refuse(ctx, 404);
    }
  }

  /** Without the data, which may be private. */
  private static Map<String, Object> describe(Dead dead) {
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("id", dead.id());
    described.put("type", dead.kind().lowerCase());
    described.put("occurred_at", dead.occurredAt());
    described.put("died_at", dead.diedAt());
    described.put("attempts", dead.attempts());
    described.put("error", dead.error());
    return described;
  }

  private static void json(Context ctx, Map<String, ?> body) {
    ctx.contentType(ApiErrors.JSON).result(ApiErrors.json(body));
  }
}
