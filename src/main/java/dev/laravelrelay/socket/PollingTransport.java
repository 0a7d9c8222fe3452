package dev.laravelrelay.socket;

import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.protocol.EngineIo;
import dev.laravelrelay.protocol.Frame;
import dev.laravelrelay.session.Outbox;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Engine.IO over HTTP long-polling: the client's poll waits here until there is something to send.
 * Everything that waits in the outbox goes into one payload.
 *
 * <p>HTTP libraries repeat a poll by themselves when the connection broke before its answer came
 * (OkHttp and browsers do): the client never learns that a payload is missing. Hence nothing is
 * sent behind a payload with a ping until the pong is here. What was lost is then never followed by
 * something newer, and never covered by a later pong: the ping times out instead.
 *
 * <p>They repeat a POST likewise, so a pong may come twice, and the second would prove what was
 * sent after the first. A repeat comes by a fresh TCP connection, where a client in good health
 * uses one that it has: see {@link #mayBeRepeat}.
 */
final class PollingTransport implements Transport {

  private static final String CLOSE = EngineIo.CLOSE.text();
  private static final long CLOSE_GRACE_MILLIS = 150;
  private static final long RELEASE_MILLIS = 10;

  /** One for the poll and one for what the client sends. */
  private static final int CONNECTIONS_IN_USE = 2;

  private final NettyConnection connection;
  private final ChannelFutureListener aborted;
  private @Nullable HttpReply poll;
  private boolean ended;
  private boolean awaitingPong;
  private boolean reusesConnections;
  private final List<Channel> inUse = new ArrayList<>(CONNECTIONS_IN_USE);
  private final AtomicBoolean readingPost = new AtomicBoolean();

  PollingTransport(NettyConnection connection) {
    this.connection = connection;
    this.aborted = closed -> connection.loop().execute(() -> aborted(closed.channel()));
  }

  /** A poll came in. */
  void poll(HttpReply reply) {
    if (connection.isClosed()) {
      lastPoll(reply);
    } else if ((mayBeRepeat(reply) && awaitingPong) || !accept(reply)) {
      breakOff(reply);
    } else {
      flush(connection.outbox());
      if (connection.isProbed()) {
        connection.after(RELEASE_MILLIS, this::releaseWhileProbed);
      }
    }
  }

  /** A poll after the end: gets what was left for it, once. */
  private void lastPoll(HttpReply reply) {
    if (connection.outbox().isEmpty()) {
      connection.server().refuse(reply, EngineIo.Refusal.SESSION_UNKNOWN);
    } else if (accept(reply)) {
      close(CloseReason.SERVER_DISCONNECTED, connection.outbox());
      connection.server().forget(connection);
    }
  }

  /** If the upgrade did not overtake the poll, which came by another TCP connection. */
  private void releaseWhileProbed() {
    if (connection.isProbed() && !connection.isClosed()) {
      release();
    }
  }

  private boolean accept(HttpReply reply) {
    if (poll != null) {
      return false;
    }
    poll = reply;
    reply.channel().closeFuture().addListener(aborted);
    return true;
  }

  /** A POST was read. */
  void post(String body, HttpReply reply) {
    if (mayBeRepeat(reply) && awaitingPong) {
      breakOff(reply);
    } else if (body.equals(CLOSE) && poll == null) {
      // Its poll is on another TCP connection, and may be read a moment later by another loop.
      connection.after(CLOSE_GRACE_MILLIS, () -> closeLate(body, reply));
    } else {
      connection.receivePost(body, reply);
    }
  }

  private void closeLate(String body, HttpReply reply) {
    if (connection.isClosed()) {
      connection.server().refuse(reply, EngineIo.Refusal.SESSION_UNKNOWN);
    } else {
      connection.receivePost(body, reply);
    }
  }

  private void breakOff(HttpReply reply) {
    connection.close(CloseReason.TRANSPORT_ERROR);
    connection.server().refuse(reply, EngineIo.Refusal.BAD_REQUEST);
  }

  /** False if another POST is being read, which breaks the protocol. From any thread. */
  boolean startPost() {
    return readingPost.compareAndSet(false, true);
  }

  /** From any thread. */
  void endPost() {
    readingPost.set(false);
  }

  /**
   * Whether this may be a request that the client's HTTP library repeats after its TCP connections
   * broke: it opened one for it, though it has two and uses those it has. Unknowable of clients
   * that never use one twice, and of those behind a proxy.
   */
  private boolean mayBeRepeat(HttpReply request) {
    boolean repeat = request.fresh() && reusesConnections && inUse.size() == CONNECTIONS_IN_USE;
    reusesConnections |= !request.fresh();
    if (!inUse.contains(request.channel())) {
      if (inUse.size() == CONNECTIONS_IN_USE) {
        inUse.removeFirst();
      }
      inUse.add(request.channel());
    }
    return repeat;
  }

  /** Answers a waiting poll with a NOOP, so that the client may go on to its WebSocket. */
  void release() {
    if (poll != null) {
      answer(List.of(EngineIo.NOOP));
    }
  }

  /** The client moved to a WebSocket: there are no more polls. */
  void end() {
    ended = true;
    if (poll != null) {
      connection.server().refuse(take(), EngineIo.Refusal.BAD_REQUEST);
    }
  }

  /** Whether the last payload with a ping may have got lost. */
  boolean awaitsPong() {
    return awaitingPong;
  }

  /** The pong is here: what has waited for it goes out. */
  void ponged(Outbox outbox) {
    awaitingPong = false;
    flush(outbox);
  }

  @Override
  public String name() {
    return "polling";
  }

  @Override
  public boolean write(Frame frame) {
    return false;
  }

  @Override
  public void flush(Outbox outbox) {
    if (poll != null && !awaitingPong && !outbox.isEmpty()) {
      List<Frame> frames = new ArrayList<>();
      outbox.drainTo(frames::add);
      answer(frames);
    }
  }

  @Override
  public long unwrittenBytes() {
    return 0;
  }

  /**
   * Without a waiting poll the outbox stays as it is, for a poll that may still come. What waits
   * behind a ping that was not answered is not sent.
   */
  @Override
  public void close(CloseReason reason, Outbox outbox) {
    if (poll != null) {
      List<Frame> frames = new ArrayList<>();
      if (reason != CloseReason.PING_TIMEOUT) {
        outbox.drainTo(frames::add);
      }
      frames.add(reason == CloseReason.CLIENT_CLOSED ? EngineIo.NOOP : EngineIo.CLOSE);
      answer(frames);
    }
    ended = true;
  }

  private void answer(List<Frame> frames) {
    awaitingPong |= frames.contains(EngineIo.PING);
    take().send(HttpResponseStatus.OK, HttpReply.TEXT, EngineIo.encodePayload(frames));
  }

  private HttpReply take() {
    HttpReply reply = Objects.requireNonNull(poll);
    poll = null;
    reply.channel().closeFuture().removeListener(aborted);
    return reply;
  }

  private void aborted(Channel channel) {
    if (!ended && poll != null && poll.channel().equals(channel)) {
      poll = null;
      connection.close(CloseReason.TRANSPORT_CLOSED);
    }
  }
}
