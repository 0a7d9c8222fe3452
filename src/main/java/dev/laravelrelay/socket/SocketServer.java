package dev.laravelrelay.socket;

import dev.laravelrelay.config.SocketConfig;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.protocol.CloseReason;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.HashedWheelTimer;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The public door, on Netty: mounts Engine.IO, Socket.IO and plain WebSockets on paths of one port.
 * All connections share one wheel timer. Mount first, then start.
 */
public final class SocketServer {

  private static final Logger log = LoggerFactory.getLogger(SocketServer.class);

  /** Longer than the longest legal wait of a poll. */
  private static final int IDLE_HTTP_SECONDS = 75;

  /** Of the request line, and of the headers: a token may be in either. */
  private static final int MAX_HEAD_BYTES = 16_384;

  /** Phones send little; what is larger takes several reads. Adapting would cost each 80 bytes. */
  private static final int READ_BYTES = 4_096;

  private static final int BACKLOG = 4_096;
  private static final long DRAIN_STEP_MILLIS = 50;

  /** So many clients may come back to another node at once without harm. */
  private static final long DRAIN_CLIENTS_PER_SECOND = 200;

  private final SocketConfig config;
  private final EngineServer.Settings settings;
  private final RelayMetrics metrics;
  private final Cors cors;
  private final Admittance admittance;
  private final HashedWheelTimer timer;
  private final EventLoopGroup loops;
  private final Map<String, Route> routes = new HashMap<>();
  private final List<EngineServer> engines = new ArrayList<>();
  private final List<PlainServer> plains = new ArrayList<>();
  private @Nullable Channel listening;

  /**
   * Nothing listens before {@link #start}.
   *
   * @param sessions how many there are now: past the configured number nobody is let in
   */
  public SocketServer(SocketConfig config, IntSupplier sessions, RelayMetrics metrics) {
    this.config = config;
    this.metrics = metrics;
    this.settings =
        new EngineServer.Settings(
            config.pingInterval(),
            config.pingTimeout(),
            config.connectTimeout(),
            config.upgradeTimeout(),
            config.maxMessageBytes(),
            config.outboxBytes());
    this.cors = new Cors(config.allowedOrigins());
    this.admittance =
        new Admittance(
            cors,
            config.trustedProxies(),
            () -> Math.max(sessions.getAsInt(), connections()),
            config.maxSessions());
    this.timer =
        new HashedWheelTimer(
            new DefaultThreadFactory("relay-timer", true),
            tick(config).toMillis(),
            TimeUnit.MILLISECONDS);
    IoHandlerFactory io =
        Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    this.loops =
        new MultiThreadIoEventLoopGroup(
            Runtime.getRuntime().availableProcessors(),
            new DefaultThreadFactory("relay-loop", true),
            io);
  }

  /** Fine enough for the shortest interval, rare enough to cost nothing at rest. */
  private static Duration tick(SocketConfig config) {
    Duration shortest =
        config.pingInterval().compareTo(config.pingTimeout()) < 0
            ? config.pingInterval()
            : config.pingTimeout();
    long millis = Math.clamp(shortest.toMillis() / 50, 5, 100);
    return Duration.ofMillis(millis);
  }

  /** Serves an Engine.IO application on a path such as {@code /engine.io/}. */
  public void mountEngineIo(String path, EngineApplication application) {
    EngineServer engine = new EngineServer(application, settings, timer, admittance, metrics);
    engines.add(engine);
    routes.put(path, engine);
  }

  /** Serves a Socket.IO application on a path such as {@code /socket.io/}. */
  public void mountSocketIo(String path, SocketIoApplication application) {
    mountEngineIo(
        path,
        (connection, handshake) ->
            new SocketIoConnection(application, connection, handshake, settings));
  }

  /** Serves an application of plain JSON over WebSocket on a path such as {@code /ws}. */
  public void mountPlain(String path, PlainApplication application) {
    PlainServer plain = new PlainServer(application, settings, timer, admittance, metrics);
    plains.add(plain);
    routes.put(path, plain);
  }

  /** How many clients are connected, also those that have not said yet who they are. */
  int connections() {
    return engines.stream().mapToInt(engine -> engine.connections().size()).sum()
        + plains.stream().mapToInt(plain -> plain.connections().size()).sum();
  }

  /** Answers GET on a path with {@code ok} or, while it is not healthy, with 503. */
  public void mountHealth(String path, BooleanSupplier healthy) {
    routes.put(path, new HealthRoute(healthy));
  }

  /**
   * Binds the port; throws, unchecked, the {@link java.net.BindException} if that is not to be had.
   */
  public void start() {
    listening =
        new ServerBootstrap()
            .group(loops)
            .channel(serverChannel())
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(READ_BYTES))
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel
                        .pipeline()
                        .addLast(
                            new HttpServerCodec(
                                new HttpDecoderConfig()
                                    .setMaxInitialLineLength(MAX_HEAD_BYTES)
                                    .setMaxHeaderSize(MAX_HEAD_BYTES)))
                        .addLast(new IdleStateHandler(0, 0, IDLE_HTTP_SECONDS))
                        .addLast(new HttpDoor(routes, cors, metrics));
                  }
                })
            .bind(config.bind(), config.port())
            .syncUninterruptibly()
            .channel();
  }

  private static Class<? extends ServerChannel> serverChannel() {
    return Epoll.isAvailable() ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
  }

  /** The port that it listens on. */
  public int port() {
    if (listening == null) {
      throw new IllegalStateException("not started");
    }
    return ((InetSocketAddress) listening.localAddress()).getPort();
  }

  /** Lets nobody in any more; who is here may stay. */
  public void refuseNewcomers() {
    admittance.close();
  }

  /**
   * Sends every client away, evenly spread over at most this time, in the way that makes it come
   * back at once somewhere else. Blocks until all have been told.
   */
  public void drain(Duration over) throws InterruptedException {
    refuseNewcomers();
    if (listening != null) {
      listening.close().syncUninterruptibly();
    }
    List<Runnable> departures = new ArrayList<>();
    engines.forEach(
        engine ->
            engine
                .connections()
                .forEach(one -> departures.add(() -> one.close(CloseReason.DRAINING))));
    plains.forEach(
        plain ->
            plain
                .connections()
                .forEach(one -> departures.add(() -> one.close(CloseReason.DRAINING))));
    Collections.shuffle(departures);
    long enough = departures.size() * 1_000L / DRAIN_CLIENTS_PER_SECOND;
    long millis = Math.min(over.toMillis(), enough);
    log.info("draining {} clients over {} ms", departures.size(), millis);
    long start = System.nanoTime();
    long steps = Math.max(1, millis / DRAIN_STEP_MILLIS);
    int gone = 0;
    for (long step = 1; gone < departures.size(); step++) {
      long due = Math.min(departures.size(), (departures.size() * step + steps - 1) / steps);
      for (; gone < due; gone++) {
        departures.get(gone).run();
      }
      long next = start + TimeUnit.MILLISECONDS.toNanos(step * DRAIN_STEP_MILLIS);
      TimeUnit.NANOSECONDS.sleep(next - System.nanoTime());
    }
  }

  /** Closes every connection and the port, and ends the threads. */
  public void close() {
    if (listening != null) {
      listening.close().syncUninterruptibly();
    }
    loops.shutdownGracefully(100, 3_000, TimeUnit.MILLISECONDS).syncUninterruptibly();
    timer.stop();
  }
}
