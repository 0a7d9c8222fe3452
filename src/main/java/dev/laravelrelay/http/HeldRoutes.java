package dev.laravelrelay.http;

import dev.laravelrelay.delivery.HeldEvents;
import dev.laravelrelay.event.Event;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JsonGenerator;

/** What is held for a user: to be looked at, without its data, and to be dropped. */
final class HeldRoutes {

  private static final Logger log = LoggerFactory.getLogger(HeldRoutes.class);

  private static final String PATH = "/api/users/{id}/held";

  private final HeldEvents heldEvents;
  private final ApiErrors errors;
  private final InstantSource clock;
  private final Executor threads;

  /**
   * @param threads write the answers that come late
   */
  HeldRoutes(HeldEvents heldEvents, ApiErrors errors, InstantSource clock, Executor threads) {
    this.heldEvents = heldEvents;
    this.errors = errors;
    this.clock = clock;
    this.threads = threads;
  }

  void addTo(RoutesConfig routes) {
    routes.get(PATH, this::list);
    routes.delete(PATH, this::drop);
  }

  private void list(Context ctx) {
    String user = ctx.pathParam("id");
    ctx.future(
        () ->
            heldEvents
                .of(user)
                .thenAcceptAsync(events -> answer(ctx, user, events), threads)
                .exceptionally(failure -> away(ctx, failure))
                .toCompletableFuture());
  }

  private void drop(Context ctx) {
    String user = ctx.pathParam("id");
    ctx.future(
        () ->
            heldEvents
                .drop(user)
                .thenAcceptAsync(dropped -> answer(ctx, user, dropped), threads)
                .exceptionally(failure -> away(ctx, failure))
                .toCompletableFuture());
  }

  private @Nullable Void away(Context ctx, Throwable failure) {
    log.warn("the held events cannot be reached: {}", failure.toString());
    ctx.header("Retry-After", "1");
    errors.refuse(ctx, 503, "The held events cannot be reached now; ask again.");
    return null;
  }

  private void answer(Context ctx, String user, List<Event> events) {
    long now = clock.millis();
    byte[] body =
        JsonBytes.object(
            out -> {
              out.writeStringProperty("user", user);
              out.writeArrayPropertyStart("events");
              events.forEach(event -> write(out, event, now));
              out.writeEndArray();
            });
    ctx.contentType(ApiErrors.JSON).result(body);
  }

  private static void write(JsonGenerator out, Event event, long now) {
    out.writeStartObject();
    out.writeStringProperty("id", event.id());
    out.writeStringProperty("event", event.name());
    out.writeNumberProperty("age_ms", Math.max(0, now - event.acceptedAt()));
    out.writeNumberProperty("held_until", event.heldUntil());
    out.writeEndObject();
  }

  private static void answer(Context ctx, String user, int dropped) {
    byte[] body =
        JsonBytes.object(
            out -> {
              out.writeStringProperty("user", user);
              out.writeNumberProperty("dropped", dropped);
            });
    ctx.contentType(ApiErrors.JSON).result(body);
  }
}
