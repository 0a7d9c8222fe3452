package dev.laravelrelay.socket;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which browsers' origins may talk to the public port. Apps send no Origin and are never refused. A
 * WebSocket is not covered by the browser's own check, so a foreign origin is refused by the relay.
 *
 * @see <a href="https://fetch.spec.whatwg.org/#http-cors-protocol">CORS protocol</a>
 */
final class Cors {

  private static final String METHODS = "GET,HEAD,PUT,PATCH,POST,DELETE";

  private final boolean any;
  private final Set<String> origins;

  /**
   * @param origins as {@code https://example.com}; {@code *} allows any
   */
  Cors(List<String> origins) {
    this.any = origins.contains("*");
    this.origins =
        origins.stream()
            .map(origin -> origin.toLowerCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet());
  }

  /** Whether the request comes from no browser, or from an allowed origin. */
  boolean allows(HttpRequest request) {
    String origin = request.headers().get(HttpHeaderNames.ORIGIN);
    return any || origin == null || origins.contains(origin.toLowerCase(Locale.ROOT));
  }

  /** The headers for every answer to the request. */
  HttpHeaders headers(HttpRequest request) {
    HttpHeaders headers = new DefaultHttpHeaders();
    String origin = request.headers().get(HttpHeaderNames.ORIGIN);
    if (any) {
      headers.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    } else if (origin != null && allows(request)) {
      headers.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, origin);
      headers.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
      headers.set(HttpHeaderNames.VARY, HttpHeaderNames.ORIGIN);
    }
    if (request.method().equals(HttpMethod.OPTIONS)) {
      addPreflight(headers, request);
    }
    return headers;
  }

  private static void addPreflight(HttpHeaders headers, HttpRequest request) {
    headers.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    @Nullable String wanted = request.headers().get(HttpHeaderNames.ACCESS_CONTROL_REQUEST_HEADERS);
    if (wanted != null) {
      headers.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_HEADERS, wanted);
      headers.add(HttpHeaderNames.VARY, HttpHeaderNames.ACCESS_CONTROL_REQUEST_HEADERS);
    }
  }
}
