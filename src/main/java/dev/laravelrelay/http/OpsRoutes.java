package dev.laravelrelay.http;

import dev.laravelrelay.delivery.Presence;
import dev.laravelrelay.lifecycle.Readiness;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.session.SessionRegistry;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What operators ask: health, metrics, who is here. */
final class OpsRoutes {

  private static final Logger log = LoggerFactory.getLogger(OpsRoutes.class);

  private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

  private final SessionRegistry sessions;
  private final Presence presence;
  private final Readiness readiness;
  private final RelayMetrics metrics;
  private final Supplier<Map<String, Object>> details;
  private final long startedAt = System.nanoTime();

  OpsRoutes(
      SessionRegistry sessions,
      Presence presence,
      Readiness readiness,
      RelayMetrics metrics,
      Supplier<Map<String, Object>> details) {
    this.sessions = sessions;
    this.presence = presence;
    this.readiness = readiness;
    this.metrics = metrics;
    this.details = details;
  }

  void addTo(RoutesConfig routes) {
    routes.get("/health", this::health);
    routes.get("/health/live", ctx -> json(ctx, 200, Map.of("status", "ok")));
    routes.get("/health/ready", this::ready);
    routes.get("/metrics", this::metrics);
    routes.get("/api/users/{id}", this::user);
  }

  private void health(Context ctx) {
    Map<String, Object> health = new LinkedHashMap<>();
    boolean ready = readiness.isReady();
    health.put("status", ready ? "ok" : "not ready");
    health.put("version", version());
    health.put("uptime_s", Duration.ofNanos(System.nanoTime() - startedAt).toSeconds());
    health.put("sessions", sessions.size());
    health.put("users", sessions.users());
    health.put("conditions", readiness.report());
    health.putAll(details.get());
    json(ctx, ready ? 200 : 503, health);
  }

  private void ready(Context ctx) {
    Map<String, String> problems = readiness.problems();
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("status", problems.isEmpty() ? "ok" : "not ready");
    if (!problems.isEmpty()) {
      body.put("problems", problems);
    }
    json(ctx, problems.isEmpty() ? 200 : 503, body);
  }

  private void metrics(Context ctx) {
    String text =
        metrics.registry() instanceof PrometheusMeterRegistry prometheus ? prometheus.scrape() : "";
    ctx.contentType(PROMETHEUS).result(text);
  }

  private void user(Context ctx) {
    String user = ctx.pathParam("id");
    ctx.future(
        () ->
            presence
                .of(user)
                .handle((online, failure) -> answer(ctx, user, online, failure))
                .toCompletableFuture());
  }

  private static @Nullable Void answer(
      Context ctx, String user, @Nullable List<Presence.Online> online, @Nullable Throwable no) {
    if (online == null) {
      log.warn("it cannot be found out whether user {} is online", user, no);
      ctx.header("Retry-After", "1");
      json(ctx, 503, Map.of("message", "It cannot be found out now who is online; ask again."));
      return null;
    }
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("user", user);
    body.put("online", !online.isEmpty());
    body.put("sessions", online.stream().map(OpsRoutes::describe).toList());
    json(ctx, 200, body);
    return null;
  }

  private static Map<String, Object> describe(Presence.Online session) {
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("id", session.id());
    described.put("protocol", session.protocol());
    described.put("since", session.since());
    return described;
  }

  private static String version() {
    String version = OpsRoutes.class.getPackage().getImplementationVersion();
    return version == null ? "dev" : version;
  }

  private static void json(Context ctx, int status, Map<String, ?> body) {
    ctx.status(status).contentType(ApiErrors.JSON).result(ApiErrors.json(body));
  }
}
