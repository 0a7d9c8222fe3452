package dev.laravelrelay.socket;

import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.protocol.EngineIo;
import dev.laravelrelay.protocol.Frame;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.util.Timer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.Collection;
import java.util.Collections;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Serves Engine.IO on one path: opens connections, finds them again by their secret id, and refuses
 * what breaks the protocol with the errors that clients know. Safe from any thread.
 *
 * @see <a href="https://socket.io/docs/v4/engine-io-protocol/">Engine.IO protocol, revision 4</a>
 */
public final class EngineServer implements Route {

  /**
   * What every connection shares.
   *
   * @param maxMessageBytes the largest message and the largest POST body
   * @param outboxBytes what may wait unwritten for one client
   * @param connectTimeout by when a Socket.IO client must have joined a namespace
   */
  public record Settings(
      Duration pingInterval,
      Duration pingTimeout,
      Duration connectTimeout,
      Duration upgradeTimeout,
      int maxMessageBytes,
      int outboxBytes) {}

  private static final String BINARY = "application/octet-stream";
  private static final int SID_BYTES = 16;
  private static final long LAST_POLL_SECONDS = 5;
  private static final Route.Exchange DONE = body -> {};

  private final EngineApplication application;
  private final Settings settings;
  private final WebSocketDecoderConfig webSockets;
  private final Timer timer;
  private final Admittance admittance;
  private final RelayMetrics metrics;
  private final SecureRandom random = new SecureRandom();
  private final ConcurrentMap<String, NettyConnection> connections = new ConcurrentHashMap<>();

  EngineServer(
      EngineApplication application,
      Settings settings,
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

  Settings settings() {
    return settings;
  }

  Timer timer() {
    return timer;
  }

  RelayMetrics metrics() {
    return metrics;
  }

  /** Every connection: a live view. */
  Collection<NettyConnection> connections() {
    return Collections.unmodifiableCollection(connections.values());
  }

  @Override
  public Route.Exchange begin(HttpRequest request, HttpReply reply) {
    EngineRequest parsed = EngineRequest.of(request);
    EngineIo.@Nullable Refusal refusal = check(request, parsed);
    if (refusal != null) {
      refuse(request, parsed, reply, refusal);
      return DONE;
    }
    NettyConnection connection = parsed.sid() == null ? null : connections.get(parsed.sid());
    if (parsed.isWebSocket()) {
      return body -> upgrade(request, parsed, reply, connection);
    }
    if (connection == null) {
      return body -> openPolling(request, parsed, reply);
    }
    PollRequest poll = PollRequest.of(request, parsed, reply, connection.sid());
    if (request.method().equals(HttpMethod.GET)) {
      return body -> connection.loop().execute(() -> connection.poll(poll));
    }
    if (request.method().equals(HttpMethod.POST)) {
      return post(request, poll, connection);
    }
    reply.send(HttpResponseStatus.INTERNAL_SERVER_ERROR, HttpReply.TEXT, "");
    return DONE;
  }

  /** In the order of the reference, so that each mistake gets the error that clients expect. */
  private EngineIo.@Nullable Refusal check(HttpRequest request, EngineRequest parsed) {
    boolean upgrade =
        request.headers().contains(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET, true);
    if (!parsed.isWebSocket() && !parsed.isPolling()) {
      return EngineIo.Refusal.TRANSPORT_UNKNOWN;
    }
    if (parsed.sid() != null) {
      NettyConnection connection = connections.get(parsed.sid());
      if (connection == null) {
        return EngineIo.Refusal.SESSION_UNKNOWN;
      }
      boolean asked = WebSocketUpgrade.isAskedFor(request);
      return parsed.isWebSocket() == asked ? null : EngineIo.Refusal.BAD_REQUEST;
    }
    if (!request.method().equals(HttpMethod.GET)) {
      return EngineIo.Refusal.BAD_HANDSHAKE_METHOD;
    }
    if (parsed.isWebSocket() != upgrade || (upgrade && !WebSocketUpgrade.isAskedFor(request))) {
      return EngineIo.Refusal.BAD_REQUEST;
    }
    if (!admittance.allowsOrigin(request)) {
      return EngineIo.Refusal.FORBIDDEN;
    }
    return "4".equals(parsed.version()) ? null : EngineIo.Refusal.UNSUPPORTED_VERSION;
  }

  // --- opening

  private void openPolling(HttpRequest request, EngineRequest parsed, HttpReply reply) {
    if (!admit(reply)) {
      return;
    }
    NettyConnection connection = create(reply.channel());
    PollRequest.mark(reply.channel(), connection.sid());
    String open = openPacket(connection, true);
    connection.open(application, admittance.handshake(request, parsed.query(), reply.channel()));
    reply.send(HttpResponseStatus.OK, HttpReply.TEXT, open);
  }

  private void upgrade(
      HttpRequest request,
      EngineRequest parsed,
      HttpReply reply,
      @Nullable NettyConnection connection) {
    if (connection == null && !admit(reply)) {
      return;
    }
    WebSocketUpgrade.accept(
        request,
        reply,
        webSockets,
        channel -> {
          EngineSocket socket = new EngineSocket();
          WebSocketChannel webSocket =
              new WebSocketChannel(channel, socket, settings.maxMessageBytes());
          if (connection == null) {
            NettyConnection opened = create(channel);
            socket.attach(opened, webSocket);
            opened.startOn(webSocket, Frame.text(openPacket(opened, false)));
            opened.open(application, admittance.handshake(request, parsed.query(), channel));
          } else {
            socket.attach(connection, webSocket);
            connection.loop().execute(() -> connection.offer(webSocket));
          }
          return webSocket;
        });
  }

  private boolean admit(HttpReply reply) {
    String sentence = admittance.refusal();
    if (sentence == null) {
      return true;
    }
    metrics.connectRefused(admittance.refusalWord());
    reply.send(HttpResponseStatus.SERVICE_UNAVAILABLE, HttpReply.TEXT, sentence);
    return false;
  }

  private NettyConnection create(Channel channel) {
    byte[] bytes = new byte[SID_BYTES];
    random.nextBytes(bytes);
    String sid = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    NettyConnection connection = new NettyConnection(sid, channel.eventLoop(), this);
    connections.put(sid, connection);
    return connection;
  }

  private String openPacket(NettyConnection connection, boolean upgradable) {
    return EngineIo.openPacket(
        connection.sid(),
        upgradable,
        settings.pingInterval().toMillis(),
        settings.pingTimeout().toMillis(),
        settings.maxMessageBytes());
  }

  // --- messages of a polling client

  private Route.Exchange post(HttpRequest request, PollRequest post, NettyConnection connection) {
    HttpReply reply = post.reply();
    String type = request.headers().get(HttpHeaderNames.CONTENT_TYPE, "");
    if (type.regionMatches(true, 0, BINARY, 0, BINARY.length()) || !connection.startPost()) {
      refuse(reply, EngineIo.Refusal.BAD_REQUEST);
      return DONE;
    }
    return new Route.Exchange() {
      @Override
      public int maxBodyBytes() {
        return settings.maxMessageBytes();
      }

      @Override
      public void complete(byte[] body) {
        String text = new String(body, StandardCharsets.UTF_8);
        connection
            .loop()
            .execute(
                () -> {
                  connection.endPost();
                  connection.post(text, post);
                });
      }

      @Override
      public void tooLarge() {
        connection.endPost();
        reply.send(HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE, HttpReply.TEXT, "");
      }

      @Override
      public void abandoned() {
        connection.endPost();
        connection.close(CloseReason.TRANSPORT_ERROR);
      }
    };
  }

  void ok(HttpReply reply) {
    reply.send(HttpResponseStatus.OK, HttpReply.HTML, "ok");
  }

  void refuse(HttpReply reply, EngineIo.Refusal refusal) {
    metrics.engineRefused(refusal.message());
    reply.send(HttpResponseStatus.valueOf(refusal.status()), HttpReply.JSON, refusal.body());
  }

  private void refuse(
      HttpRequest request, EngineRequest parsed, HttpReply reply, EngineIo.Refusal refusal) {
    if (parsed.isWebSocket() && WebSocketUpgrade.isAskedFor(request)) {
      metrics.engineRefused(refusal.message());
      reply.send(HttpResponseStatus.valueOf(refusal.status()), HttpReply.HTML, refusal.message());
    } else {
      refuse(reply, refusal);
    }
  }

  // --- the end

  /** The connection is over; a polling client may come once more for what is left for it. */
  void ended(NettyConnection connection, boolean lastPollMayCome) {
    if (lastPollMayCome) {
      timer.newTimeout(timeout -> forget(connection), LAST_POLL_SECONDS, TimeUnit.SECONDS);
    } else {
      forget(connection);
    }
  }

  void forget(NettyConnection connection) {
    connections.remove(connection.sid(), connection);
  }
}
