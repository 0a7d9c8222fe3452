package dev.laravelrelay.http;

import dev.laravelrelay.delivery.Emission;
import dev.laravelrelay.delivery.Recipient;
import dev.laravelrelay.delivery.Verdict;
import dev.laravelrelay.metrics.RelayMetrics;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JsonGenerator;

/**
 * What is said of one emit, alone or within a batch. Counts what it says. Immutable.
 *
 * @param nanos from the request's arrival to the verdict
 */
record EmitReply(Emission emission, long nanos) {

  static EmitReply of(Emission emission, long start, RelayMetrics metrics) {
    EmitReply reply = new EmitReply(emission, System.nanoTime() - start);
    if (emission instanceof Emission.Accepted accepted) {
      metrics.emitAnswered(accepted.verdict().lowerCase(), reply.nanos);
    } else {
      metrics.apiRefused(reply.status());
    }
    return reply;
  }

  int status() {
    return switch (emission) {
      case Emission.Accepted _ -> 200;
      case Emission.Conflict _, Emission.CallTaken _ -> 409;
      case Emission.Busy _ -> 429;
      case Emission.Unavailable _ -> 503;
    };
  }

  /** Writes the members of the reply into the object that is open. */
  void write(JsonGenerator out) {
    switch (emission) {
      case Emission.Accepted accepted -> write(accepted, out);
      case Emission.Conflict(String id) -> {
        out.writeStringProperty("id", id);
        out.writeStringProperty("message", ApiErrors.sentence(409));
        out.writePOJOProperty("errors", Map.of("id", List.of(ApiErrors.sentence(409))));
      }
      case Emission.CallTaken(String id) -> {
        out.writeStringProperty("id", id);
        out.writeStringProperty("message", CallRoutes.TAKEN);
        out.writePOJOProperty("errors", Map.of("call.id", List.of(CallRoutes.TAKEN)));
      }
      case Emission.Busy(String id, int retryAfter) -> retry(id, retryAfter, out);
      case Emission.Unavailable(String id, int retryAfter) -> retry(id, retryAfter, out);
    }
  }

  private static void retry(String id, int retryAfter, JsonGenerator out) {
    out.writeStringProperty("id", id);
    out.writeStringProperty("message", "The event was not taken; send it again with the same id.");
    out.writeNumberProperty("retry_after", retryAfter);
  }

  private void write(Emission.Accepted accepted, JsonGenerator out) {
    out.writeStringProperty("id", accepted.id());
    counts(accepted.verdict(), accepted.sessions(), accepted.confirmed(), out);
    out.writeNumberProperty("elapsed_ms", Math.round(nanos / 100_000.0) / 10.0);
    heldUntil(accepted.heldUntil(), out);
    if (accepted.duplicate()) {
      out.writeBooleanProperty("duplicate", true);
    }
    if (!accepted.recipients().isEmpty()) {
      out.writeArrayPropertyStart("recipients");
      accepted.recipients().forEach(recipient -> write(recipient, out));
      out.writeEndArray();
    }
  }

  private static void write(Recipient recipient, JsonGenerator out) {
    out.writeStartObject();
    out.writeStringProperty("user", recipient.user());
    counts(recipient.verdict(), recipient.sessions(), recipient.confirmed(), out);
    heldUntil(recipient.heldUntil(), out);
    out.writeEndObject();
  }

  private static void counts(Verdict verdict, int sessions, int confirmed, JsonGenerator out) {
    out.writeStringProperty("verdict", verdict.lowerCase());
    out.writeBooleanProperty("delivered", verdict.delivered());
    out.writeNumberProperty("sessions", sessions);
    out.writeNumberProperty("confirmed", confirmed);
  }

  private static void heldUntil(long heldUntil, JsonGenerator out) {
    if (heldUntil > 0) {
      out.writeNumberProperty("held_until", heldUntil);
    }
  }
}
