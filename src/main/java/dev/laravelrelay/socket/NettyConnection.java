package dev.laravelrelay.socket;

import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.protocol.EngineIo;
import dev.laravelrelay.protocol.Frame;
import dev.laravelrelay.session.Connection;
import dev.laravelrelay.session.Heartbeat;
import dev.laravelrelay.session.Outbox;
import io.netty.channel.EventLoop;
import io.netty.util.Timeout;
import io.netty.util.Timer;
import io.netty.util.TimerTask;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One Engine.IO connection: its transport, the change from polling to WebSocket, its heartbeat and
 * its end. Owned by one event loop; what other channels have for it is handed over to that loop.
 *
 * @see <a href="https://socket.io/docs/v4/engine-io-protocol/">Engine.IO protocol, revision 4</a>
 */
public final class NettyConnection
    implements Connection, LoopWrites.Writer, Client.Alarm, TimerTask {

  private static final long UPGRADE_GRACE_MILLIS = 150;

  private final String sid;
  private final EventLoop loop;
  private final EngineServer server;
  private final Outbox outbox;
  private final Heartbeat heartbeat;
  private volatile Transport transport;
  private @Nullable Upgrade upgrade;
  private boolean flushPlanned;

  /** The last payload of polling was not proved to have arrived when the WebSocket took over. */
  private boolean pollUnproved;

  private volatile boolean closed;
  private EngineApplication.@Nullable Listener listener;
  private @Nullable Timeout heartbeatTimeout;

  NettyConnection(String sid, EventLoop loop, EngineServer server) {
    EngineServer.Settings settings = server.settings();
    this.sid = sid;
    this.loop = loop;
    this.server = server;
    this.outbox = new Outbox(this, settings.outboxBytes());
    this.heartbeat =
        new Heartbeat(
            this,
            settings.pingInterval().toNanos(),
            settings.pingTimeout().toNanos(),
            System.nanoTime());
    this.transport = new PollingTransport(this);
  }

  /** Gives the connection to its application and starts the heartbeat. */
  void open(EngineApplication application, Handshake handshake) {
    listener = application.open(this, handshake);
    armHeartbeat();
  }

  String sid() {
    return sid;
  }

  @Override
  public Executor loop() {
    return loop;
  }

  /** Runs the task on the loop: now, if this is its thread; never, if the server has ended. */
  void onLoop(Runnable task) {
    if (loop.inEventLoop()) {
      task.run();
    } else {
      later(task);
    }
  }

  /** Runs the task on the loop, behind what is under way there; never, if the server has ended. */
  void later(Runnable task) {
    if (!loop.isShuttingDown()) {
      loop.execute(task);
    }
  }

  /** The frames that wait for the client; on the loop only. */
  public Outbox outbox() {
    return outbox;
  }

  /** The connection's heartbeat; on the loop only. */
  public Heartbeat heartbeat() {
    return heartbeat;
  }

  /** {@code polling} or {@code websocket}, as it is now; on the loop only. */
  public String transportName() {
    return transport.name();
  }

  @Override
  public Timeout alarm(long millis, TimerTask task) {
    return timer().newTimeout(task, millis, TimeUnit.MILLISECONDS);
  }

  /** Runs the task on the loop after a delay. Cancel it when it is no longer needed. */
  public Timeout after(long millis, Runnable task) {
    return timer().newTimeout(t -> loop.execute(task), millis, TimeUnit.MILLISECONDS);
  }

  private Timer timer() {
    return server.timer();
  }

  // --- sending

  @Override
  public boolean write(Frame frame) {
    if (closed) {
      return true;
    }
    if (!flushPlanned) {
      flushPlanned = true;
      LoopWrites.current().flushSoon(this, loop);
    }
    return !pollUnproved && transport.write(frame);
  }

  @Override
  public void flush() {
    flushPlanned = false;
    if (!closed && !pollUnproved) {
      transport.flush(outbox);
    }
  }

  @Override
  public long unwrittenBytes() {
    return transport.unwrittenBytes();
  }

  @Override
  public void ping() {
    outbox.offer(EngineIo.PING);
  }

  // --- heartbeat

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
      heartbeatTimeout = timer().newTimeout(this, wait, TimeUnit.NANOSECONDS);
    }
  }

  // --- receiving

  /** One packet, on the loop, whatever transport it came by. */
  void receive(EngineIo.Packet packet) {
    EngineApplication.Listener told = listener;
    if (closed || told == null) {
      return;
    }
    switch (packet) {
      case EngineIo.Binary(byte[] data) -> told.binary(data);
      case EngineIo.Text(EngineIo.PacketType type, String data) -> {
        switch (type) {
          case MESSAGE -> told.text(data);
          case PONG -> pong();
          case CLOSE -> close(CloseReason.CLIENT_CLOSED);
          case PING -> close(CloseReason.PARSE_ERROR);
          case OPEN, UPGRADE, NOOP -> {}
        }
      }
    }
  }

  private void pong() {
    if (transport instanceof PollingTransport polling) {
      polling.ponged();
    } else {
      heartbeat.answered(System.nanoTime());
      if (pollUnproved) {
        pollUnproved = false;
        transport.flush(outbox);
      }
    }
  }

  /** False if the packets are malformed, which ends the connection. */
  private boolean receiveAll(EngineIo.Decoded decoded) {
    return switch (decoded) {
      case EngineIo.Decoded.Packets(var packets) -> {
        packets.forEach(this::receive);
        yield true;
      }
      case EngineIo.Decoded.Malformed _ -> {
        close(CloseReason.PARSE_ERROR);
        yield false;
      }
    };
  }

  // --- polling

  /** A poll, on the loop. */
  void poll(PollRequest request) {
    if (!closed && heartbeat.isOverdue(System.nanoTime())) {
      close(CloseReason.PING_TIMEOUT);
    }
    if (transport instanceof PollingTransport polling) {
      polling.poll(request);
    } else {
      server.refuse(
          request.reply(),
          closed ? EngineIo.Refusal.SESSION_UNKNOWN : EngineIo.Refusal.BAD_REQUEST);
    }
  }

  /**
   * The head of a POST has come; false if it must be refused. From any thread: the body may follow
   * much later.
   */
  boolean startPost() {
    if (closed || !(transport instanceof PollingTransport polling)) {
      return false;
    }
    if (!polling.startPost()) {
      close(CloseReason.TRANSPORT_ERROR);
      return false;
    }
    return true;
  }

  /** The POST that was started is over, read or not. From any thread. */
  void endPost() {
    if (transport instanceof PollingTransport polling) {
      polling.endPost();
    }
  }

  /** The body of the POST that was started, on the loop. */
  void post(String body, PollRequest request) {
    if (closed) {
      server.refuse(request.reply(), EngineIo.Refusal.SESSION_UNKNOWN);
    } else if (transport instanceof PollingTransport polling) {
      polling.post(body, request);
    } else {
      receivePost(body, request.reply());
    }
  }

  /** Reads the packets of a POST and answers it. */
  void receivePost(String body, HttpReply reply) {
    if (receiveAll(EngineIo.decodePayload(body))) {
      server.ok(reply);
    } else {
      server.refuse(reply, EngineIo.Refusal.BAD_REQUEST);
    }
  }

  boolean isClosed() {
    return closed;
  }

  /** Whether the client waits for its poll to be answered, to go on to its WebSocket. */
  boolean isProbed() {
    return upgrade != null && upgrade.isProbed();
  }

  EngineServer server() {
    return server;
  }

  // --- WebSocket

  /** The connection begins on a WebSocket: its open packet goes out. On the loop. */
  void startOn(WebSocketChannel channel, Frame openPacket) {
    transport = new WebSocketTransport(channel, timer());
    write(openPacket);
  }

  /** A WebSocket offers to take over from polling; on the loop. */
  void offer(WebSocketChannel channel) {
    if (closed || upgrade != null || !(transport instanceof PollingTransport)) {
      channel.drop();
      return;
    }
    upgrade = new Upgrade(channel);
    after(server.settings().upgradeTimeout().toMillis(), () -> endUpgrade(channel));
  }

  /** A text message on a WebSocket of this connection; on the loop. */
  void text(WebSocketChannel channel, String message) {
    if (upgrade != null && upgrade.isOn(channel)) {
      upgrade(upgrade, message);
    } else if (transport instanceof WebSocketTransport current && current.isOn(channel)) {
      receiveAll(EngineIo.decodeText(message));
    }
  }

  /** A binary message on a WebSocket of this connection; on the loop. */
  void binary(WebSocketChannel channel, byte[] message) {
    if (transport instanceof WebSocketTransport current && current.isOn(channel)) {
      receive(new EngineIo.Binary(message));
    } else {
      endUpgrade(channel);
    }
  }

  private void upgrade(Upgrade current, String message) {
    if (!(transport instanceof PollingTransport polling)) {
      endUpgrade(current.channel());
      return;
    }
    switch (current.read(message)) {
      case PROBED -> {
        polling.flush(outbox);
        polling.release();
      }
      case TAKEN_OVER -> {
        upgrade = null;
        polling.end();
        pollUnproved = polling.handOver();
        transport = new WebSocketTransport(current.channel(), timer());
        flush();
      }
      case FAILED -> endUpgrade(current.channel());
    }
  }

  private void endUpgrade(WebSocketChannel channel) {
    if (upgrade != null && upgrade.isOn(channel)) {
      upgrade = null;
      channel.drop();
    }
  }

  /** A WebSocket of this connection is gone; on the loop. */
  void gone(WebSocketChannel channel, CloseReason reason) {
    if (upgrade != null && upgrade.isOn(channel)) {
      endUpgrade(channel);
    } else if (transport instanceof WebSocketTransport current && current.isOn(channel)) {
      close(reason);
    }
  }

  // --- the end

  @Override
  public void close(CloseReason reason) {
    onLoop(() -> end(reason));
  }

  private void end(CloseReason reason) {
    EngineApplication.Listener told = listener;
    if (closed || told == null) {
      return;
    }
    if (isProbed() && (reason.isServersWish() || reason == CloseReason.TRY_LATER)) {
      // Between two transports the client would not notice; the upgrade's time is bounded.
      loop.schedule(() -> end(reason), UPGRADE_GRACE_MILLIS, TimeUnit.MILLISECONDS);
      return;
    }
    listener = null;
    Frame farewell = told.farewell(reason);
    if (farewell != null) {
      outbox.offer(farewell);
    }
    closed = true;
    if (heartbeatTimeout != null) {
      heartbeatTimeout.cancel();
    }
    told.closed(reason);
    if (upgrade != null) {
      endUpgrade(upgrade.channel());
    }
    transport.close(reason, outbox);
    boolean lastPollMayCome =
        reason.isServersWish() && transport instanceof PollingTransport && !outbox.isEmpty();
    if (!lastPollMayCome) {
      outbox.clear();
    }
    server.ended(this, lastPollMayCome);
  }
}
