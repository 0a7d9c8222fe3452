package dev.laravelrelay.call;

import dev.laravelrelay.event.RawJson;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** What a client is to be answered to an event of his. */
public sealed interface ClientReply {

  /** Nothing listens to such an event. */
  record Ignored() implements ClientReply {}

  /**
   * It was taken.
   *
   * @param ack for a client that wants one
   */
  record Done(RawJson ack) implements ClientReply {}

  /**
   * It was not taken.
   *
   * @param error for {@code call:error}
   * @param ack instead of it, for a client that wants one
   */
  record Refused(RawJson error, RawJson ack) implements ClientReply {}

  /** A refusal; the call's id as the client wrote it, null if there is none. */
  static Refused refused(@Nullable JsonNode callId, String code, String message) {
    ObjectNode error = JsonMapper.shared().createObjectNode();
    error.set("callId", callId == null ? error.nullNode() : callId);
    error.put("code", code).put("message", message);
    ObjectNode ack = JsonMapper.shared().createObjectNode().put("ok", false);
    ack.setAll(error);
    return new Refused(RawJson.of(error.toString()), RawJson.of(ack.toString()));
  }
}
