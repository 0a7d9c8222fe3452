package dev.laravelrelay.http;

import dev.laravelrelay.metrics.RelayMetrics;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * The one place in which a refusal becomes HTTP, in the shape of Laravel's own: {@code {"message":
 * "...", "errors": {"field": ["..."]}}}. Each one is counted. Safe from any thread.
 */
final class ApiErrors {

  private static final Logger log = LoggerFactory.getLogger(ApiErrors.class);

  static final String JSON = "application/json";

  private static final JsonMapper MAPPER = new JsonMapper();

  /** The words for what has no sentence of its own. */
  private static final Map<Integer, String> SENTENCES =
      Map.of(
          400, "Bad Request.",
          401, "Unauthenticated.",
          404, "Not Found.",
          405, "Method Not Allowed.",
          409, "The id was used within five minutes for another emit.",
          500, "Server Error.");

  private final RelayMetrics metrics;

  ApiErrors(RelayMetrics metrics) {
    this.metrics = metrics;
  }

  /** What is wrong with a request that is well-formed. */
  void invalid(Context ctx, Map<String, List<String>> errors) {
    answer(ctx, 422, invalidBody(errors));
  }

  /** A refusal in the usual words for its status. */
  void refuse(Context ctx, int status) {
    refuse(ctx, status, sentence(status));
  }

  /** A refusal in one sentence. */
  void refuse(Context ctx, int status, String message) {
    answer(ctx, status, Map.of("message", message));
  }

  /** A refusal with this body, which has a {@code message}. */
  void answer(Context ctx, int status, Map<String, ?> body) {
    refused(status);
    ctx.status(status).contentType(JSON).result(json(body));
  }

  /** As {@link #invalid(Context, Map)}. */
  void invalid(Exchange exchange, Map<String, List<String>> errors) {
    answer(exchange, 422, invalidBody(errors));
  }

  /** As {@link #refuse(Context, int)}. */
  void refuse(Exchange exchange, int status) {
    refuse(exchange, status, sentence(status));
  }

  /** As {@link #refuse(Context, int, String)}. */
  void refuse(Exchange exchange, int status, String message) {
    answer(exchange, status, Map.of("message", message));
  }

  private void answer(Exchange exchange, int status, Map<String, ?> body) {
    refused(status);
    exchange.answer(status, json(body));
  }

  /** Answers a body that was not taken, then closes the connection without losing the answer. */
  void refuseUnread(Exchange exchange, RequestBody.Refused refusal) {
    refused(refusal.status());
    exchange.answerUnread(refusal.status(), json(Map.of("message", refusal.message())));
  }

  /** Answers a request that failed for a reason that is not the client's, and logs it. */
  void fail(Exchange exchange, Throwable failure) {
    log.error("{} {} failed", exchange.request().getMethod(), exchange.path(), failure);
    refuse(exchange, 500);
  }

  /** Counts a refusal that is answered within another reply. */
  void refused(int status) {
    metrics.apiRefused(status);
  }

  /** The body of a 422. */
  static Map<String, Object> invalidBody(Map<String, List<String>> errors) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("message", summary(errors));
    body.put("errors", errors);
    return body;
  }

  static String sentence(int status) {
    return SENTENCES.getOrDefault(status, "The request cannot be served.");
  }

  static byte[] json(Object body) {
    return MAPPER.writeValueAsString(body).getBytes(StandardCharsets.UTF_8);
  }

  /** Laravel's: the first sentence, and how many there are besides. */
  private static String summary(Map<String, List<String>> errors) {
    String first = errors.values().iterator().next().getFirst();
    int more = errors.values().stream().mapToInt(List::size).sum() - 1;
    return switch (more) {
      case 0 -> first;
      case 1 -> first + " (and 1 more error)";
      default -> first + " (and " + more + " more errors)";
    };
  }
}
