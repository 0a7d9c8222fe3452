package dev.laravelrelay.http;

import dev.laravelrelay.auth.ApiKeys;
import dev.laravelrelay.call.CallDirectory;
import dev.laravelrelay.call.CallEmitter;
import dev.laravelrelay.config.ApiConfig;
import dev.laravelrelay.delivery.HeldEvents;
import dev.laravelrelay.delivery.Logouts;
import dev.laravelrelay.delivery.Presence;
import dev.laravelrelay.delivery.WebhookQueue;
import dev.laravelrelay.event.EventCodec;
import dev.laravelrelay.lifecycle.Readiness;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.session.SessionRegistry;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.component.LifeCycle;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The private door: the API, health, metrics and documentation, on Javalin. HTTP/1.1 only; it never
 * redirects. Laravel opens a connection per call, so accepting is cheap and idle ones are dropped.
 */
public final class ApiServer implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ApiServer.class);

  private static final int MAX_THREADS = 64;
  private static final int MIN_THREADS = 4;
  private static final int MAX_CONNECTIONS = 20_000;
  private static final int ACCEPT_BACKLOG = 1_024;
  private static final int MAX_HEAD_BYTES = 16 * 1_024;
  private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(30);

  private final ApiConfig config;
  private final ApiErrors errors;
  private final ApiAuth auth;
  private final QueuedThreadPool threads;
  private final EmitHandler emits;
  private final Javalin javalin;

  /**
   * Builds it; nothing listens before {@link #start}.
   *
   * @param details what {@code /health} says besides; read at each request, must answer at once
   */
  public ApiServer(
      ApiConfig config,
      EventCodec codec,
      CallEmitter emitter,
      CallDirectory calls,
      WebhookQueue webhooks,
      SessionRegistry sessions,
      Presence presence,
      Logouts logouts,
      HeldEvents heldEvents,
      Readiness readiness,
      RelayMetrics metrics,
      Supplier<Map<String, Object>> details) {
    this.config = config;
    this.errors = new ApiErrors(metrics);
    this.auth = new ApiAuth(new ApiKeys(config.keys()), errors);
    this.threads = threads();
    this.emits =
        new EmitHandler(
            Map.of(
                "/api/emit",
                new EmitRoute(config.maxEmitBytes(), codec, emitter, errors, metrics),
                "/api/emit/batch",
                new BatchRoute(
                    config.maxBatchBytes(),
                    config.maxEmitBytes(),
                    codec,
                    emitter,
                    errors,
                    metrics,
                    threads)),
            auth,
            errors,
            threads);
    OpsRoutes ops = new OpsRoutes(sessions, presence, readiness, metrics, details);
    CallRoutes callRoutes = new CallRoutes(calls, errors, threads);
    WebhookRoutes webhookRoutes = new WebhookRoutes(webhooks, errors, threads);
    HeldRoutes held = new HeldRoutes(heldEvents, errors, InstantSource.system(), threads);
    SessionRoutes sessionRoutes = new SessionRoutes(logouts, errors, threads);
    this.javalin =
        Javalin.create(
            javalinConfig -> {
              configure(javalinConfig);
              callRoutes.addTo(javalinConfig.routes);
              webhookRoutes.addTo(javalinConfig.routes);
              ops.addTo(javalinConfig.routes);
              held.addTo(javalinConfig.routes);
              sessionRoutes.addTo(javalinConfig.routes);
              new DocsRoutes().addTo(javalinConfig.routes);
            });
  }

  /** Listens; returns when requests are served. */
  public void start() {
    javalin.start();
  }

  /** The port it listens on. */
  public int port() {
    return javalin.port();
  }

  /** Stops; what is not answered by then is cut. */
  @Override
  public void close() {
    javalin.stop();
  }

  /** Method and path of every route, as {@code GET /health}. */
  Set<String> routes() {
    Set<String> routes = new TreeSet<>(emits.routes());
    javalin.unsafe.internalRouter.allHttpHandlers().stream()
        .map(route -> route.endpoint)
        .filter(endpoint -> endpoint.method.isHttpMethod())
        .map(endpoint -> endpoint.method + " " + endpoint.path)
        .forEach(routes::add);
    return routes;
  }

  private void configure(JavalinConfig javalinConfig) {
    javalinConfig.startup.showJavalinBanner = false;
    javalinConfig.startup.showOldJavalinVersionWarning = false;
    javalinConfig.startup.startupWatcherEnabled = false;
    javalinConfig.http.prefer405over404 = true;
    javalinConfig.http.compressionStrategy = CompressionStrategy.NONE;
    javalinConfig.jetty.threadPool = threads;
    javalinConfig.jetty.modifyServer(this::prepare);
    javalinConfig.jetty.addConnector(this::connector);
    javalinConfig.routes.before(auth::check);
    javalinConfig.routes.exception(HttpResponseException.class, this::refuse);
    javalinConfig.routes.exception(Exception.class, this::fail);
  }

  /** Javalin takes no handler that is not its own; hence this one steps in front at the start. */
  private void prepare(Server server) {
    server.setErrorHandler(new JsonErrorHandler());
    server.addEventListener(
        new LifeCycle.Listener() {
          @Override
          public void lifeCycleStarting(LifeCycle starting) {
            emits.setHandler(server.getHandler());
            server.setHandler(emits);
          }
        });
  }

  private Connector connector(Server server, HttpConfiguration http) {
    http.setSendServerVersion(false);
    http.setRequestHeaderSize(MAX_HEAD_BYTES);
    ServerConnector connector = new ServerConnector(server, 1, -1, new HttpConnectionFactory(http));
    connector.setHost(config.bind());
    connector.setPort(config.port());
    connector.setAcceptQueueSize(ACCEPT_BACKLOG);
    connector.setIdleTimeout(IDLE_TIMEOUT.toMillis());
    connector.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, connector));
    return connector;
  }

  /** Its queue needs no bound of its own: no more tasks wait than there are connections. */
  private static QueuedThreadPool threads() {
    QueuedThreadPool pool =
        new QueuedThreadPool(MAX_THREADS, MIN_THREADS, (int) IDLE_TIMEOUT.toMillis());
    pool.setName("api");
    return pool;
  }

  private void refuse(HttpResponseException refusal, Context ctx) {
    String allowed = refusal.getDetails().get("availableMethods");
    if (allowed != null) {
      ctx.header("Allow", allowed);
    }
    errors.refuse(ctx, refusal.getStatus());
  }

  private void fail(Exception failure, Context ctx) {
    log.error("{} {} failed", ctx.method(), ctx.endpoint().path, failure);
    errors.refuse(ctx, 500);
  }
}
