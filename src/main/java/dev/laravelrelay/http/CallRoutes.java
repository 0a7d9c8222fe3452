package dev.laravelrelay.http;

import dev.laravelrelay.call.Call;
import dev.laravelrelay.call.CallDirectory;
import dev.laravelrelay.call.CallDirectory.Registration;
import dev.laravelrelay.event.CallCodec;
import dev.laravelrelay.event.CallCodec.Parsed;
import dev.laravelrelay.event.CallTerms;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code /api/calls/{callId}}: Laravel announces calls, looks at them and forgets them. */
final class CallRoutes {

  private static final Logger log = LoggerFactory.getLogger(CallRoutes.class);

  /** Why a call is not announced. */
  static final String TAKEN = "The call's id is that of another caller and receiver.";

  private static final int LIMIT = 16 * 1024;

  private final CallDirectory directory;
  private final ApiErrors errors;
  private final Executor threads;

  /**
   * @param threads write the answers that come late
   */
  CallRoutes(CallDirectory directory, ApiErrors errors, Executor threads) {
    this.directory = directory;
    this.errors = errors;
    this.threads = threads;
  }

  void addTo(RoutesConfig routes) {
    routes.put("/api/calls/{callId}", this::put);
    routes.get(
        "/api/calls/{callId}",
        ctx -> later(ctx, directory.get(ctx.pathParam("callId")), call -> show(ctx, call)));
    routes.delete(
        "/api/calls/{callId}",
        ctx -> later(ctx, directory.end(ctx.pathParam("callId")), call -> show(ctx, call)));
  }

  private void put(Context ctx) {
    switch (RequestBody.read(ctx.req(), LIMIT)) {
      case RequestBody.Refused(int status, String message) -> errors.refuse(ctx, status, message);
      case RequestBody.Whole(byte[] body) -> {
        switch (CallCodec.parse(body, ctx.pathParam("callId"))) {
          case Parsed.NotJson(String message) -> errors.refuse(ctx, 400, message);
          case Parsed.Invalid(var problems) -> errors.invalid(ctx, problems);
          case Parsed.Valid(CallTerms call) ->
              later(ctx, directory.register(call), answer -> registered(ctx, answer));
        }
      }
    }
  }

  private void registered(Context ctx, Registration answer) {
    switch (answer) {
      case Registration.Registered(Call call, boolean created) ->
          json(ctx, created ? 201 : 200, call);
      case Registration.Taken _ -> errors.refuse(ctx, 409, TAKEN);
      case Registration.Unavailable(int retryAfter) -> {
        ctx.header("Retry-After", Integer.toString(retryAfter));
        errors.answer(
            ctx,
            503,
            Map.of(
                "message",
                "The call cannot be taken now; send it again.",
                "retry_after",
                retryAfter));
      }
    }
  }

  private void show(Context ctx, Optional<Call> call) {
    call.ifPresentOrElse(known -> json(ctx, 200, known), () -> errors.refuse(ctx, 404));
  }

  private <T> void later(Context ctx, CompletionStage<T> stage, Consumer<T> answer) {
    CompletableFuture<T> future = stage.toCompletableFuture();
    if (future.isDone() && !future.isCompletedExceptionally()) {
      answer.accept(future.join());
    } else {
      ctx.future(
          () ->
              future.thenAcceptAsync(answer, threads).exceptionally(failure -> away(ctx, failure)));
    }
  }

  private @Nullable Void away(Context ctx, Throwable failure) {
    log.warn("the calls cannot be reached: {}", failure.toString());
    ctx.header("Retry-After", "1");
    errors.refuse(ctx, 503, "The calls cannot be reached now; ask again.");
    return null;
  }

  private static void json(Context ctx, int status, Call call) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("callId", call.id());
    body.put("caller", call.caller());
    body.put("receiver", call.receiver());
    body.put("status", call.state().lowerCase());
    body.put("expires_at", call.expiresAt());
    ctx.status(status).contentType(ApiErrors.JSON).result(ApiErrors.json(body));
  }
}
