package dev.laravelrelay.socket;

import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.function.BooleanSupplier;

/** A bare health check for load balancers: 200 {@code ok} or 503, and no word more. */
final class HealthRoute implements Route {

  private final BooleanSupplier healthy;

  HealthRoute(BooleanSupplier healthy) {
    this.healthy = healthy;
  }

  @Override
  public Route.Exchange begin(HttpRequest request, HttpReply reply) {
    return body -> {
      if (healthy.getAsBoolean()) {
        reply.send(HttpResponseStatus.OK, HttpReply.TEXT, "ok\n");
      } else {
        reply.send(HttpResponseStatus.SERVICE_UNAVAILABLE, HttpReply.TEXT, "not ready\n");
      }
    };
  }
}
