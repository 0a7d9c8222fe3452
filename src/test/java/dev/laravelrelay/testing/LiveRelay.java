package dev.laravelrelay.testing;

import dev.laravelrelay.auth.Authenticator;
import dev.laravelrelay.auth.ChannelAuthorizer;
import dev.laravelrelay.auth.DevAuthenticator;
import dev.laravelrelay.auth.LoggedOut;
import dev.laravelrelay.call.ClientEvents;
import dev.laravelrelay.call.MemoryCallDirectory;
import dev.laravelrelay.config.SocketConfig;
import dev.laravelrelay.config.WebhookConfig;
import dev.laravelrelay.delivery.Handover;
import dev.laravelrelay.delivery.Interest;
import dev.laravelrelay.delivery.MemoryBackplane;
import dev.laravelrelay.delivery.Rosters;
import dev.laravelrelay.delivery.Webhook;
import dev.laravelrelay.socket.RelaySockets;
import dev.laravelrelay.socket.Resumption;
import dev.laravelrelay.socket.SocketServer;
import dev.laravelrelay.socket.Subscriptions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The relay's sockets on a free loopback port, with its real delivery. */
public final class LiveRelay implements AutoCloseable {

  public final Deliveries node = new Deliveries();
  public final SocketServer sockets;

  /** Whose clients' tokens are their users. */
  public LiveRelay(SocketConfig config) {
    this(config, new DevAuthenticator());
  }

  public LiveRelay(SocketConfig config, Authenticator authenticator) {
    this(config, authenticator, new LoggedOut(Duration.ZERO));
  }

  public LiveRelay(SocketConfig config, Authenticator authenticator, LoggedOut loggedOut) {
    sockets = new SocketServer(config, node.registry::size, node.metrics);
    RelaySockets clients =
        new RelaySockets(
            authenticator,
            loggedOut,
            node.registry,
            node.held,
            Interest.SINGLE_NODE,
            node.dispatcher,
            new Subscriptions(
                node.channels,
                (token, channel, socketId) ->
                    CompletableFuture.completedStage(
                        new ChannelAuthorizer.Authorization.Granted("")),
                new MemoryBackplane(node.dispatcher, node.held),
                Rosters.NONE,
                Interest.SINGLE_NODE,
                node.dispatcher.backlog(),
                node.metrics),
            new Resumption(
                node.registry,
                node.suspended,
                node.channels,
                Interest.SINGLE_NODE,
                Handover.NONE,
                node.metrics),
            new ClientEvents(
                new WebhookConfig(
                    Optional.empty(), List.of(), 1, Duration.ZERO, List.of(), 20, 50, 30),
                new MemoryCallDirectory(node.metrics, InstantSource.system()),
                node.emitter,
                Webhook.NOBODY,
                node.metrics,
                InstantSource.system()),
            node.metrics);
    sockets.mountSocketIo("/socket.io/", clients.socketIo());
    sockets.mountPlain("/ws", clients.plain());
    sockets.start();
  }

  public int port() {
    return sockets.port();
  }

  /** A Socket.IO client on a raw WebSocket that has been admitted as this user. */
  public RawWebSocket admitted(String user) {
    RawWebSocket socket = new RawWebSocket(port(), "/socket.io/?EIO=4&transport=websocket");
    socket.text();
    socket.text("40{\"token\":\"" + user + "\"}");
    String answer = socket.text();
    if (!answer.startsWith("40{\"sid\"")) {
      throw new AssertionError("not admitted: " + answer);
    }
    return socket;
  }

  @Override
  public void close() {
    sockets.close();
  }
}
