package dev.laravelrelay.http;

import dev.laravelrelay.delivery.Notice;
import dev.laravelrelay.delivery.WebhookQueue;
import dev.laravelrelay.delivery.WebhookQueue.Dead;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code /api/webhooks}: what Laravel never took, and sending it again. */
final class WebhookRoutes {

  private final WebhookQueue queue;
  private final ApiErrors errors;

  WebhookRoutes(WebhookQueue queue, ApiErrors errors) {
    this.queue = queue;
    this.errors = errors;
  }

  void addTo(RoutesConfig routes) {
    routes.get("/api/webhooks/dead", this::dead);
    routes.post("/api/webhooks/dead/retry", ctx -> json(ctx, Map.of("queued", queue.retryAll())));
    routes.post("/api/webhooks/dead/{id}/retry", this::retry);
  }

  private void dead(Context ctx) {
    List<Map<String, Object>> dead = queue.dead().stream().map(WebhookRoutes::describe).toList();
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("queued", queue.size());
    body.put("dead", dead);
    json(ctx, body);
  }

  private void retry(Context ctx) {
    if (queue.retry(ctx.pathParam("id"))) {
      json(ctx, Map.of("queued", 1));
    } else {
      errors.refuse(ctx, 404);
    }
  }

  /** Without the data, which may be private. */
  private static Map<String, Object> describe(Dead dead) {
    Notice notice = dead.notice();
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("id", notice.id());
    described.put("type", notice.kind().lowerCase());
    described.put("occurred_at", notice.occurredAt());
    described.put("died_at", dead.diedAt());
    described.put("attempts", dead.attempts());
    described.put("error", dead.error());
    return described;
  }

  private static void json(Context ctx, Map<String, ?> body) {
    ctx.contentType(ApiErrors.JSON).result(ApiErrors.json(body));
  }
}
