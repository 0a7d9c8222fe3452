package dev.laravelrelay.protocol;

/**
 * Why the relay, or the client, ended a connection: the one list.
 *
 * <p>The rule behind {@link #clientMayRetry()}: a stock Socket.IO client reconnects by itself when
 * its transport is dropped without a WebSocket Close frame, and never after a DISCONNECT packet
 * ({@code 41}). A Close frame leaves the Android client deaf until its ping time-out. So a session
 * that should come back is dropped, and one that should stay away is sent {@code 41} first. A
 * token's end drops: the client comes back with a fresh one, or is refused with the reason. Plain
 * WebSocket clients get a Close frame with {@link #code()}.
 */
public enum CloseReason {
  CLIENT_CLOSED(1000, "client closed", true),
  CLIENT_DISCONNECTED(1000, "client namespace disconnect", true),
  TRANSPORT_CLOSED(1006, "transport close", true),
  TRANSPORT_ERROR(1006, "transport error", true),
  PING_TIMEOUT(4000, "ping timeout", true),
  CONNECT_TIMEOUT(4001, "connect timeout", true),
  PARSE_ERROR(4002, "parse error", true),
  MESSAGE_TOO_BIG(1009, "message too big", true),
  SLOW_CLIENT(4003, "slow client", true),
  DRAINING(1012, "server shutting down", true),
  TRY_LATER(1013, "try again later", true),
  SERVER_CLOSED(4004, "forced server close", true),
  UNAUTHORIZED(4401, "unauthorized", false),
  TOKEN_EXPIRED(4402, "token expired", true),
  SERVER_DISCONNECTED(4403, "server namespace disconnect", false);

  private final int code;
  private final String text;
  private final boolean clientMayRetry;

  CloseReason(int code, String text, boolean clientMayRetry) {
    this.code = code;
    this.text = text;
    this.clientMayRetry = clientMayRetry;
  }

  /** The WebSocket close code that a plain client gets (RFC 6455 section 7.4). */
  public int code() {
    return code;
  }

  /** The reason in words; for Socket.IO those that its servers use. */
  public String text() {
    return text;
  }

  /**
   * Whether the relay ends a connection with which nothing is wrong: what was sent before is still
   * to reach the client.
   */
  public boolean isServersWish() {
    return switch (this) {
      case DRAINING, SERVER_CLOSED, UNAUTHORIZED, TOKEN_EXPIRED, SERVER_DISCONNECTED -> true;
      case CLIENT_CLOSED,
          CLIENT_DISCONNECTED,
          TRANSPORT_CLOSED,
          TRANSPORT_ERROR,
          PING_TIMEOUT,
          CONNECT_TIMEOUT,
          PARSE_ERROR,
          MESSAGE_TOO_BIG,
          SLOW_CLIENT,
          TRY_LATER ->
          false;
    };
  }

  /** Whether the client is meant to come back by itself. */
  public boolean clientMayRetry() {
    return clientMayRetry;
  }
}
