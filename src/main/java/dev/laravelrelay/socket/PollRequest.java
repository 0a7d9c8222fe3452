package dev.laravelrelay.socket;

import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.AttributeKey;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A polling client's request, and what tells it from one that its HTTP library sends again.
 *
 * @param tag the cache buster {@code t}, new for each request of the JS client and the same in a
 *     repeat; null where the client sends none, as the Java client by default
 * @param isProxied whether a proxy that tells of itself has passed it on
 * @param previous the Engine.IO session of the request before it on its TCP connection; null if it
 *     is the first
 */
record PollRequest(
    HttpReply reply, @Nullable String tag, boolean isProxied, @Nullable String previous) {

  private static final AttributeKey<String> LAST_SID = AttributeKey.valueOf("relay.lastSid");
  private static final List<String> PROXY_HEADERS = List.of("X-Forwarded-For", "Forwarded", "Via");

  /** On the event loop of the request's TCP connection. */
  static PollRequest of(HttpRequest request, EngineRequest parsed, HttpReply reply, String sid) {
    return new PollRequest(
        reply,
        parsed.tag(),
        PROXY_HEADERS.stream().anyMatch(request.headers()::contains),
        mark(reply.channel(), sid));
  }

  /** Notes that the TCP connection serves the session now, and tells which one it served before. */
  static @Nullable String mark(Channel channel, String sid) {
    return channel.attr(LAST_SID).getAndSet(sid);
  }

  Channel channel() {
    return reply.channel();
  }

  boolean isFirstOnItsConnection() {
    return previous == null;
  }
}
