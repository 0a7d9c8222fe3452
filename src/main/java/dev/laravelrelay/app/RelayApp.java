package dev.laravelrelay.app;

import dev.laravelrelay.auth.Authenticator;
import dev.laravelrelay.auth.ChannelAuthorizer;
import dev.laravelrelay.auth.DevAuthenticator;
import dev.laravelrelay.auth.JwtAuthenticator;
import dev.laravelrelay.auth.LoggedOut;
import dev.laravelrelay.call.CallDirectory;
import dev.laravelrelay.call.CallEmitter;
import dev.laravelrelay.call.ClientEvents;
import dev.laravelrelay.config.LaravelConfig;
import dev.laravelrelay.config.RelayConfig;
import dev.laravelrelay.delivery.Dispatcher;
import dev.laravelrelay.delivery.Emitter;
import dev.laravelrelay.delivery.HeldEvents;
import dev.laravelrelay.delivery.Interest;
import dev.laravelrelay.event.EventCodec;
import dev.laravelrelay.http.ApiServer;
import dev.laravelrelay.laravel.ChannelAuth;
import dev.laravelrelay.laravel.LaravelClient;
import dev.laravelrelay.laravel.ReplyEmits;
import dev.laravelrelay.laravel.TokenIntrospection;
import dev.laravelrelay.lifecycle.Readiness;
import dev.laravelrelay.lifecycle.StopSequence;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.session.ChannelMembers;
import dev.laravelrelay.session.SessionRegistry;
import dev.laravelrelay.session.SuspendedSessions;
import dev.laravelrelay.socket.RelaySockets;
import dev.laravelrelay.socket.Resumption;
import dev.laravelrelay.socket.SocketServer;
import dev.laravelrelay.socket.Subscriptions;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.time.Clock;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A relay: every part made with {@code new}, bottom up, and stopped in reverse. Owns the parts;
 * safe to close from any thread, more than once.
 */
public final class RelayApp implements AutoCloseable {

  /** Why a relay did not start, in one sentence. */
  public static final class StartException extends Exception {

    private static final long serialVersionUID = 1;

    public StartException(String sentence, Throwable cause) {
      super(sentence, cause);
    }
  }

  private final RelayConfig config;
  private final StopSequence stops = new StopSequence();
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final AtomicBoolean draining = new AtomicBoolean();
  private final Readiness readiness = new Readiness();
  private final PrometheusMeterRegistry scrape =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final RelayMetrics metrics = new RelayMetrics(scrape);
  private final SessionRegistry registry;
  private final ChannelMembers channels = new ChannelMembers();
  private final SocketServer sockets;
  private final ApiServer api;
  private final @Nullable RedisIngress ingress;

  private RelayApp(RelayConfig config) {
    this.config = config;
    readiness.require("drain", () -> draining.get() ? "the relay is shutting down" : null);

    ScheduledExecutorService housekeeping =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("relay-housekeeping").factory());
    stops.push("housekeeping", housekeeping::shutdownNow);

    // delivery, and what Laravel hears
    InstantSource clock = InstantSource.system();
    SuspendedSessions suspended = new SuspendedSessions();
    DeliveryParts.Node node =
        new DeliveryParts.Node(config, suspended, channels, metrics, clock, readiness, stops);
    DeliveryParts delivery =
        config.redis().url().isPresent()
            ? DeliveryParts.overRedis(node)
            : DeliveryParts.inMemory(node, housekeeping);
    this.registry = delivery.registry();
    Hooks hooks = delivery.hooks();
    HeldEvents heldEvents = delivery.heldEvents();
    Dispatcher dispatcher = delivery.dispatcher();
    Interest interest = delivery.interest();
    Emitter emitter = delivery.emitter();

    // calls
    CallDirectory calls = delivery.calls();
    CallEmitter callEmitter = new CallEmitter(calls, emitter, dispatcher.backlog());
    EventCodec codec = new EventCodec(config.delivery(), clock);
    int maxEmit = config.api().maxEmitBytes();
    if (hooks.sender() != null) {
      hooks
          .sender()
          .start(
              new ReplyEmits(
                  codec, callEmitter, maxEmit, housekeeping, ReplyEmits.PATIENCE, metrics));
    }

    // edges
    @Nullable LaravelClient laravel = laravel(config.laravel());
    this.ingress =
        config.redis().url().isPresent()
            ? new RedisIngress(
                config.redis(), maxEmit, codec, callEmitter, dispatcher, metrics, readiness)
            : null;
    if (ingress != null) {
      ingress.listen(stops);
    }
    this.api =
        new ApiServer(
            config.api(),
            codec,
            callEmitter,
            calls,
            hooks.queue(),
            registry,
            delivery.presence(),
            delivery.logouts(),
            heldEvents,
            readiness,
            metrics,
            this::details);
    stops.push("api", api::close);
    this.sockets = new SocketServer(config.socket(), registry::size, metrics);
    stops.push("sockets", sockets::close);
    Subscriptions subscriptions =
        new Subscriptions(
            channels,
            authorizer(laravel),
            delivery.backplane(),
            delivery.rosters(),
            interest,
            dispatcher.backlog(),
            metrics);
    Resumption resumption =
        new Resumption(registry, suspended, channels, interest, delivery.handover(), metrics);
    delivery.handover().serve(resumption);
    housekeeping.scheduleWithFixedDelay(
        () -> resumption.expire(System.currentTimeMillis()), 1, 1, TimeUnit.SECONDS);
    LoggedOut loggedOut = new LoggedOut(config.auth().cacheFor().plus(config.laravel().timeout()));
    RelaySockets clients =
        new RelaySockets(
            authenticator(laravel, loggedOut),
            loggedOut,
            registry,
            heldEvents,
            interest,
            dispatcher,
            subscriptions,
            resumption,
            new ClientEvents(config.webhooks(), calls, emitter, hooks.webhook(), metrics, clock),
            metrics);
    delivery.logouts().serve(clients::logOut);
    sockets.mountSocketIo("/socket.io/", clients.socketIo());
    sockets.mountPlain("/ws", clients.plain());
    sockets.mountHealth("/health", readiness::isReady);
    metrics.gauge("relay_sessions", "Sessions on this node", registry::size);
    metrics.gauge("relay_users", "Users with a session on this node", registry::users);
    metrics.gauge("relay_channels", "Channels with a member on this node", channels::size);
    metrics.gauge("relay_logged_out_users", "Users logged out of late", loggedOut::size);
  }

  private @Nullable LaravelClient laravel(LaravelConfig laravelConfig) {
    if (laravelConfig.url().isEmpty()) {
      return null;
    }
    LaravelClient client = new LaravelClient(laravelConfig);
    stops.push("laravel", client::close);
    return client;
  }

  private Authenticator authenticator(@Nullable LaravelClient laravel, LoggedOut loggedOut) {
    return switch (config.auth().mode()) {
      case JWT -> new JwtAuthenticator(config.auth(), Clock.systemUTC());
      case NONE -> new DevAuthenticator();
      case LARAVEL -> {
        if (laravel == null) {
          throw new IllegalArgumentException("RELAY_AUTH=laravel needs RELAY_LARAVEL_URL");
        }
        yield new TokenIntrospection(config.auth(), laravel, loggedOut, metrics);
      }
    };
  }

  private ChannelAuthorizer authorizer(@Nullable LaravelClient laravel) {
    return laravel == null
        ? ChannelAuthorizer.NOBODY
        : new ChannelAuth(config.laravel(), laravel, metrics);
  }

  /** Starts a relay; it takes clients and emits when this returns. */
  public static RelayApp start(RelayConfig config) throws StartException {
    RelayApp app = new RelayApp(config);
    try {
      app.open();
      return app;
    } catch (StartException e) {
      app.stops.close();
      throw e;
    }
  }

  private void open() throws StartException {
    listen(config.socket().bind(), config.socket().port(), sockets::start);
    listen(config.api().bind(), config.api().port(), api::start);
    stops.push("sessions", this::drain);
    if (ingress != null) {
      ingress.read(stops);
    }
    stops.push("readiness", () -> draining.set(true));
  }

  private static void listen(String bind, int port, Runnable start) throws StartException {
    try {
      start.run();
    } catch (Exception e) { // Netty throws a BindException where none is declared
      throw new StartException(why(bind, port, e), e);
    }
  }

  private static String why(String bind, int port, Throwable failure) {
    String reason = failure.toString();
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof IOException && cause.getMessage() != null) {
        reason = cause.getMessage();
      }
    }
    return "The relay cannot listen on %s:%d: %s.".formatted(bind, port, reason);
  }

  private void drain() throws InterruptedException {
    sockets.drain(config.drain());
  }

  private Map<String, Object> details() {
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("backplane", config.redis().url().isPresent() ? "redis" : "memory");
    details.put("auth", config.auth().mode().name().toLowerCase(Locale.ROOT));
    if (ingress != null) {
      details.putAll(ingress.details());
    }
    return details;
  }

  /** The port of the public door. */
  public int socketPort() {
    return sockets.port();
  }

  /** The port of the private door. */
  public int apiPort() {
    return api.port();
  }

  /** Returns when the relay has been stopped. */
  public void awaitStop() throws InterruptedException {
    stopped.await();
  }

  /** Drains the clients, then stops every part. */
  @Override
  public void close() {
    stops.close();
    stopped.countDown();
  }
}
