package dev.laravelrelay.http;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * The short road for emits, on Jetty's core in front of Javalin: the servlets under Javalin, and
 * the change from the selector's thread to another, cost more than the emit itself. What is short
 * is done on the selector's thread; longer bodies, and everything that is Javalin's, get a thread
 * of the pool.
 */
final class EmitHandler extends Handler.Wrapper {

  /** What is done with the bodies that are posted to one path. */
  interface Route {

    /** The largest body, in bytes. */
    int limit();

    /** Whether {@link #handle} takes so little time that others may wait for it. */
    boolean isShort(byte[] body);

    /**
     * Answers, now or later; never blocks.
     *
     * @param start when the request came, as {@link System#nanoTime()}
     */
    void handle(Exchange exchange, byte[] body, long start);
  }

  private final Map<String, Route> routes;
  private final ApiAuth auth;
  private final ApiErrors errors;
  private final Executor threads;

  EmitHandler(Map<String, Route> routes, ApiAuth auth, ApiErrors errors, Executor threads) {
    this.routes = routes;
    this.auth = auth;
    this.errors = errors;
    this.threads = threads;
  }

  /** Method and path of each route, as {@code POST /api/emit}. */
  Set<String> routes() {
    return routes.keySet().stream().map(path -> "POST " + path).collect(Collectors.toSet());
  }

  @Override
  public InvocationType getInvocationType() {
    return InvocationType.NON_BLOCKING;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    long start = System.nanoTime();
    Exchange exchange = new Exchange(request, response, callback);
    Route route = routeOf(exchange.path());
    if (route == null) {
      threads.execute(() -> toJavalin(request, response, callback));
    } else if (!auth.accepts(exchange.header(HttpHeader.AUTHORIZATION))) {
      exchange.answerWith(HttpHeader.WWW_AUTHENTICATE, "Bearer");
      errors.refuse(exchange, 401);
    } else if (!HttpMethod.POST.is(request.getMethod())) {
      exchange.answerWith(HttpHeader.ALLOW, "POST");
      errors.refuse(exchange, 405);
    } else {
      BodyReader.read(request, route.limit(), body -> take(route, exchange, body, start));
    }
    return true;
  }

  /** A slash at the end makes no difference. */
  private @Nullable Route routeOf(String path) {
    Route route = routes.get(path);
    return route == null && path.endsWith("/")
        ? routes.get(path.substring(0, path.length() - 1))
        : route;
  }

  private void take(Route route, Exchange exchange, RequestBody body, long start) {
    switch (body) {
      case RequestBody.Refused refused -> errors.refuseUnread(exchange, refused);
      case RequestBody.Whole(byte[] bytes) -> {
        if (route.isShort(bytes)) {
          answer(route, exchange, bytes, start);
        } else {
          threads.execute(() -> answer(route, exchange, bytes, start));
        }
      }
    }
  }

  private void answer(Route route, Exchange exchange, byte[] body, long start) {
    try {
      route.handle(exchange, body, start);
    } catch (RuntimeException e) {
      errors.fail(exchange, e);
    }
  }

  private void toJavalin(Request request, Response response, Callback callback) {
    try {
      if (!super.handle(request, response, callback)) {
        Response.writeError(request, response, callback, 404);
      }
    } catch (Exception e) {
      Response.writeError(request, response, callback, e);
    }
  }
}
