package dev.laravelrelay.socket;

import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.protocol.JsonField;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

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
    RawJson auth = Objects.requireNonNullElse(request.auth(), RawJson.EMPTY_OBJECT);
    Handshake handshake = request.handshake();
    String token = JsonField.scalar(auth, "token");
    String resume = JsonField.scalar(auth, "resume");
    if (resume == null) {
      resume = handshake.query("resume");
    }
    String pid = JsonField.scalar(auth, "pid");
    String offset = JsonField.scalar(auth, "offset");
    return new ConnectAuth(
        token == null ? handshake.token() : withoutBearer(token),
        pid != null || "true".equals(resume) || "1".equals(resume),
        pid,
        offset == null ? "" : offset);
  }

  private static String withoutBearer(String token) {
    return token.startsWith(BEARER) ? token.substring(BEARER.length()) : token;
  }
}
