package dev.laravelrelay.call;

import dev.laravelrelay.event.CallCodec;
import dev.laravelrelay.event.RawJson;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a client sends with a signal: {@code {"callId": ..., "reason": ...}}. */
sealed interface CallPayload {

  /** The longest reason, in UTF-16 characters. */
  int MAX_REASON = 200;

  /**
   * It can be read.
   *
   * @param callId 667 and "667" are one
   * @param written the id as the client wrote it
   * @param reason null if none is given
   */
  record Good(String callId, JsonNode written, @Nullable String reason) implements CallPayload {}

  /**
   * It cannot.
   *
   * @param written the id as the client wrote it; null if there is none
   */
  record Bad(@Nullable JsonNode written, String message) implements CallPayload {}

  static CallPayload of(RawJson data) {
    JsonNode payload;
    try {
      payload = JsonMapper.shared().readTree(data.toBytes());
    } catch (JacksonException tooDeep) {
      return new Bad(null, "The payload cannot be read.");
    }
    JsonNode id = payload.get("callId");
    if (id == null || !(id.isString() || id.isIntegralNumber())) {
      return new Bad(null, "The payload must be an object with a callId, a string or an integer.");
    }
    String callId = id.asString();
    String problem = CallCodec.idProblem(callId);
    if (problem != null) {
      return new Bad(null, "The callId " + problem);
    }
    JsonNode reason = payload.get("reason");
    if (reason == null || reason.isNull()) {
      return new Good(callId, id, null);
    }
    if (!reason.isString() || reason.asString().length() > MAX_REASON) {
      return new Bad(id, "The reason must be a string of at most " + MAX_REASON + " characters.");
    }
    return new Good(callId, id, reason.asString());
  }
}
