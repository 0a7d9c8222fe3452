package dev.laravelrelay.socket;

import dev.laravelrelay.metrics.RelayMetrics;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.util.Timer;
import java.util.Collection;
import java.util.Collections;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Serves plain JSON over WebSocket on one path. Safe from any thread. */
final class PlainServer implements Route {

  private static final Route.Exchange DONE = body -> {};

  private final PlainApplication application;
  private final EngineServer.Settings settings;
  private final WebSocketDecoderConfig webSockets;
  private final Timer timer;
  private final Admittance admittance;
  private final RelayMetrics metrics;
  private final Set<PlainConnection> connections = ConcurrentHashMap.newKeySet();

  PlainServer(
      PlainApplication application,
      EngineServer.Settings settings,
      Timer timer,
      Admittance admittance,
      RelayMetrics metrics) {
    this.application = application;
    this.settings = settings;
    this.webSockets = WebSocketUpgrade.config(settings.maxMessageBytes());
    this.timer = timer;
    this.admittance = admittance;
    this.metrics = metrics;
  }

  EngineServer.Settings settings() {
    return settings;
  }

  Timer timer() {
    return timer;
  }

  RelayMetrics metrics() {
    return metrics;
  }

  /** Every connection: a live view. */
  Collection<PlainConnection> connections() {
    return Collections.unmodifiableCollection(connections);
  }

  @Override
  public Route.Exchange begin(HttpRequest request, HttpReply reply) {
    if (!WebSocketUpgrade.isAskedFor(request)) {
      refuse(reply, HttpResponseStatus.UPGRADE_REQUIRED, "This path speaks WebSocket only.");
      return DONE;
    }
    if (!admittance.allowsOrigin(request)) {
      refuse(reply, HttpResponseStatus.FORBIDDEN, "This origin is not allowed.");
      return DONE;
    }
    String refusal = admittance.refusal();
    if (refusal != null) {
      metrics.connectRefused(admittance.refusalWord());
      refuse(reply, HttpResponseStatus.SERVICE_UNAVAILABLE, refusal);
      return DONE;
    }
    return body ->
        WebSocketUpgrade.accept(
            request,
            reply,
            webSockets,
            channel -> {
              PlainConnection connection = new PlainConnection(channel.eventLoop(), this);
              connections.add(connection);
              WebSocketChannel webSocket =
                  new WebSocketChannel(channel, connection, settings.maxMessageBytes());
              Handshake handshake =
                  admittance.handshake(request, EngineRequest.query(request), channel);
              connection.start(webSocket, application, handshake);
              return webSocket;
            });
  }

  /** The connection is over. */
  void ended(PlainConnection connection) {
    connections.remove(connection);
  }

  private static void refuse(HttpReply reply, HttpResponseStatus status, String sentence) {
    reply.send(status, HttpReply.JSON, "{\"message\":\"" + sentence + "\"}");
  }
}
