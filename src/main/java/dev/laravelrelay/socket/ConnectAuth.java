package dev.laravelrelay.socket;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a Socket.IO client says of itself when it connects.
 *
 * @param token from {@code auth.token}, else from the handshake; empty if there is none
 * @param resumable whether it asked to be resumable: {@code resume} in {@code auth} or the query,
 *     or a {@code pid}
 * @param pid the secret of the session that it wants to resume
 * @param offset the id of the last event it has; empty if it has none
 */
record ConnectAuth(String token, boolean resumable, @Nullable String pid, String offset) {

  private static final String BEARER = "Bearer ";

  static ConnectAuth of(SocketIoApplication.Request request) {
    JsonNode auth =
        request.auth() == null
            ? JsonMapper.shared().createObjectNode()
            : JsonMapper.shared().readTree(request.auth().toBytes());
    Handshake handshake = request.handshake();
    String token = text(auth, "token");
    String resume = text(auth, "resume");
    if (resume == null) {
      resume = handshake.query("resume");
    }
    String pid = text(auth, "pid");
    String offset = text(auth, "offset");
    return new ConnectAuth(
        token == null ? handshake.token() : withoutBearer(token),
        pid != null || "true".equals(resume) || "1".equals(resume),
        pid,
        offset == null ? "" : offset);
  }

  private static String withoutBearer(String token) {
    return token.startsWith(BEARER) ? token.substring(BEARER.length()) : token;
  }

  /** A string, number or boolean as text: Java's clients can send strings only. */
  private static @Nullable String text(JsonNode object, String field) {
    JsonNode value = object.get(field);
    return value == null || value.isNull() || !value.isValueNode() ? null : value.asString();
  }
}
