package dev.laravelrelay.socket;

import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.protocol.Frame;
import dev.laravelrelay.protocol.PlainJson;
import dev.laravelrelay.session.Connection;
import dev.laravelrelay.session.Heartbeat;
import dev.laravelrelay.session.Outbox;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.EventLoop;
import io.netty.util.Timeout;
import io.netty.util.TimerTask;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client that speaks plain JSON over a WebSocket. Its heartbeat are WebSocket pings, which
 * every library answers by itself (RFC 6455 section 5.5.2); each carries a number, so that an
 * unasked-for pong proves nothing.
 */
public final class PlainConnection
    implements Connection, LoopWrites.Writer, Client.Alarm, WebSocketChannel.Listener, TimerTask {

  private static final Logger log = LoggerFactory.getLogger(PlainConnection.class);

  /**
   * How many messages may come while it is being found out who the client is; together they may be
   * as long as one.
   */
  static final int MAX_EARLY_MESSAGES = 100;

  private final EventLoop loop;
  private final PlainServer server;
  private final Outbox outbox;
  private final Heartbeat heartbeat;
  private @Nullable WebSocketChannel channel;
  private PlainApplication.@Nullable Listener listener;
  private List<PlainJson.Message> early = new ArrayList<>(0);
  private int earlyBytes;
  private @Nullable Timeout heartbeatTimeout;
  private long pings;
  private boolean flushPlanned;
  private boolean closed;

  PlainConnection(EventLoop loop, PlainServer server) {
    EngineServer.Settings settings = server.settings();
    this.loop = loop;
    this.server = server;
    this.outbox = new Outbox(this, settings.outboxBytes());
    this.heartbeat =
        new Heartbeat(
            this,
            settings.pingInterval().toNanos(),
            settings.pingTimeout().toNanos(),
            System.nanoTime());
  }

  void start(WebSocketChannel own, PlainApplication application, Handshake handshake) {
    channel = own;
    armHeartbeat();
    CompletionStage<PlainApplication.Admission> admission = application.connect(handshake);
    admission.whenComplete((answer, failure) -> loop.execute(() -> answer(answer, failure)));
  }

  private void answer(PlainApplication.@Nullable Admission admission, @Nullable Throwable failure) {
    if (closed) {
      return;
    }
    if (admission == null) {
      log.error("admitting a client failed", failure);
      close(CloseReason.TRY_LATER);
      return;
    }
    switch (admission) {
      case PlainApplication.Admission.Admitted(PlainApplication.Opening application) ->
          open(application);
      case PlainApplication.Admission.Refused(String message, String reason) -> {
        send(
            "error",
            RawJson.of(
                "{\"message\":\"%s\",\"code\":401,\"reason\":\"%s\"}".formatted(message, reason)));
        close(CloseReason.UNAUTHORIZED);
      }
      case PlainApplication.Admission.TryLater _ -> close(CloseReason.TRY_LATER);
    }
  }

  private void open(PlainApplication.Opening application) {
    PlainApplication.Listener told;
    try {
      told = application.open(this);
    } catch (RuntimeException e) {
      log.error("opening a session failed", e);
      close(CloseReason.TRY_LATER);
      return;
    }
    if (closed) {
      told.disconnected(CloseReason.SLOW_CLIENT.text());
      return;
    }
    listener = told;
    early.forEach(told::message);
    early = List.of();
  }

  /** Sends a message of the relay's own. On the loop. */
  public void send(String event, RawJson data) {
    outbox.offer(PlainJson.notice(event, data));
  }

  @Override
  public Timeout alarm(long millis, TimerTask task) {
    return server.timer().newTimeout(task, millis, TimeUnit.MILLISECONDS);
  }

  /** The frames that wait for the client; on the loop only. */
  public Outbox outbox() {
    return outbox;
  }

  /** The connection's heartbeat; on the loop only. */
  public Heartbeat heartbeat() {
    return heartbeat;
  }

  @Override
  public Executor loop() {
    return loop;
  }

  @Override
  public boolean write(Frame frame) {
    if (!closed) {
      if (!flushPlanned) {
        flushPlanned = true;
        LoopWrites.current().flushSoon(this, loop);
      }
      channel().write(frame);
    }
    return true;
  }

  @Override
  public void flush() {
    flushPlanned = false;
    channel().flush();
  }

  @Override
  public long unwrittenBytes() {
    return channel().unwrittenBytes();
  }

  @Override
  public void ping() {
    channel().ping(ByteBuffer.allocate(Long.BYTES).putLong(++pings).array());
  }

  /** On the timer's thread. */
  @Override
  public void run(Timeout timeout) {
    loop.execute(
        () -> {
          if (!closed) {
            heartbeat.tick(System.nanoTime());
            armHeartbeat();
          }
        });
  }

  private void armHeartbeat() {
    if (!closed) {
      long now = System.nanoTime();
      long wait = Math.max(0, heartbeat.nextTick(now) - now);
      heartbeatTimeout = server.timer().newTimeout(this, wait, TimeUnit.NANOSECONDS);
    }
  }

  @Override
  public void text(String message) {
    if (closed) {
      return;
    }
    PlainJson.Message decoded = PlainJson.decode(message);
    if (decoded instanceof PlainJson.Ping) {
      send("pong", RawJson.EMPTY_OBJECT);
    } else if (listener != null) {
      listener.message(decoded);
    } else {
      keep(decoded, ByteBufUtil.utf8Bytes(message));
    }
  }

  private void keep(PlainJson.Message message, int bytes) {
    if (early.size() < MAX_EARLY_MESSAGES
        && bytes <= server.settings().maxMessageBytes() - earlyBytes) {
      early.add(message);
      earlyBytes += bytes;
    } else {
      server.metrics().connectRefused("too much too early");
      close(CloseReason.PARSE_ERROR);
    }
  }

  @Override
  public void binary(byte[] message) {
    close(CloseReason.PARSE_ERROR);
  }

  @Override
  public void pong(byte[] payload) {
    if (payload.length == Long.BYTES && ByteBuffer.wrap(payload).getLong() == pings) {
      heartbeat.answered(System.nanoTime());
    }
  }

  @Override
  public void closed(CloseReason reason) {
    end(reason);
  }

  @Override
  public void close(CloseReason reason) {
    if (loop.inEventLoop()) {
      end(reason);
    } else {
      loop.execute(() -> end(reason));
    }
  }

  private void end(CloseReason reason) {
    if (closed) {
      return;
    }
    closed = true;
    if (heartbeatTimeout != null) {
      heartbeatTimeout.cancel();
    }
    server.ended(this);
    if (listener != null) {
      listener.disconnected(reason.text());
      listener = null;
    }
    outbox.drainTo(channel()::write);
    switch (reason) {
      case SLOW_CLIENT, PING_TIMEOUT -> channel().abort();
      case TRANSPORT_CLOSED, TRANSPORT_ERROR -> channel().drop();
      default -> channel().close(reason.code(), reason.text());
    }
  }

  private WebSocketChannel channel() {
    return Objects.requireNonNull(channel);
  }
}
