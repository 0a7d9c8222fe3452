package dev.laravelrelay.socket;

import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The query of an Engine.IO request.
 *
 * @param tag the cache buster {@code t}
 */
record EngineRequest(
    Map<String, List<String>> query,
    String transport,
    @Nullable String sid,
    @Nullable String version,
    @Nullable String tag) {

  static EngineRequest of(HttpRequest request) {
    Map<String, List<String>> query = query(request);
    String transport = first(query, "transport");
    return new EngineRequest(
        query,
        transport == null ? "" : transport,
        first(query, "sid"),
        first(query, "EIO"),
        first(query, "t"));
  }

  /** The decoded parameters; none if they cannot be decoded. */
  static Map<String, List<String>> query(HttpRequest request) {
    try {
      return new QueryStringDecoder(request.uri()).parameters();
    } catch (IllegalArgumentException e) {
      return Map.of();
    }
  }

  boolean isWebSocket() {
    return transport.equals("websocket");
  }

  boolean isPolling() {
    return transport.equals("polling");
  }

  private static @Nullable String first(Map<String, List<String>> query, String name) {
    List<String> values = query.get(name);
    return values == null ? null : values.getFirst();
  }
}
