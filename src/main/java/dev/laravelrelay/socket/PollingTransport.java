package dev.laravelrelay.socket;

import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.protocol.EngineIo;
import dev.laravelrelay.protocol.Frame;
import dev.laravelrelay.session.Heartbeat;
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
 * sent behind a payload with a ping until its pong is here and proves it, see {@link PollProof}.
 * What was lost is then never followed by something newer: the ping times out instead.
 */
final class PollingTransport implements Transport {

  private static final String CLOSE = EngineIo.CLOSE.text();
  private static final long CLOSE_GRACE_MILLIS = 150;
  private static final long RELEASE_MILLIS = 10;

  private static final int MAX_NUDGES = 3;

  private final NettyConnection connection;
  private final ChannelFutureListener aborted;
  private final PollProof proof;
  private @Nullable PollRequest poll;
  private boolean ended;
  private boolean awaitingPong;

  /** The pong is here, and whether it answers this ping is not yet known. */
  private boolean doubtful;

  private int nudges;
  private final AtomicBoolean readingPost = new AtomicBoolean();

  PollingTransport(NettyConnection connection) {
    this.connection = connection;
    this.proof = new PollProof(connection.sid());
    this.aborted = closed -> connection.later(() -> aborted(closed.channel()));
  }

  /** A poll came in. */
  void poll(PollRequest request) {
    if (connection.isClosed()) {
      lastPoll(request);
      return;
    }
    boolean lost = proof.polled(request) != PollProof.Kind.NEW && awaitingPong;
    if (lost || !accept(request)) {
      breakOff(request);
      return;
    }
    resolve();
    if (doubtful) {
      nudge();
    }
    flush(connection.outbox());
    if (connection.isProbed()) {
      connection.after(RELEASE_MILLIS, this::releaseWhileProbed);
    }
  }

  /** A poll after the end: gets what was left for it, once. */
  private void lastPoll(PollRequest request) {
    if (connection.outbox().isEmpty()) {
      connection.server().refuse(request.reply(), EngineIo.Refusal.SESSION_UNKNOWN);
    } else if (accept(request)) {
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

  private boolean accept(PollRequest request) {
    if (poll != null) {
      return false;
    }
    poll = request;
    request.channel().closeFuture().addListener(aborted);
    return true;
  }

  /** A POST was read. */
  void post(String body, PollRequest request) {
    HttpReply reply = request.reply();
    PollProof.Kind kind = proof.posted(request);
    if (kind == PollProof.Kind.PERHAPS_REPEATED && awaitingPong) {
      breakOff(request);
    } else if (kind == PollProof.Kind.REPEATED) {
      connection.server().ok(reply);
    } else if (body.equals(CLOSE) && poll == null) {
      // Its poll is on another TCP connection, and may be read a moment later by another loop.
      connection.after(CLOSE_GRACE_MILLIS, () -> closeLate(body, reply));
    } else {
      connection.receivePost(body, reply);
      resolve();
    }
  }

  private void closeLate(String body, HttpReply reply) {
    if (connection.isClosed()) {
      connection.server().refuse(reply, EngineIo.Refusal.SESSION_UNKNOWN);
    } else {
      connection.receivePost(body, reply);
    }
  }

  private void breakOff(PollRequest request) {
    connection.close(CloseReason.TRANSPORT_ERROR);
    connection.server().refuse(request.reply(), EngineIo.Refusal.BAD_REQUEST);
  }

  /** False if another POST is being read, which breaks the protocol. From any thread. */
  boolean startPost() {
    return readingPost.compareAndSet(false, true);
  }

  /** From any thread. */
  void endPost() {
    readingPost.set(false);
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
      connection.server().refuse(take().reply(), EngineIo.Refusal.BAD_REQUEST);
    }
  }

  // --- what a pong proves

  /** A pong. One that was not asked for proves nothing. */
  void ponged() {
    if (awaitingPong) {
      doubtful = true;
      resolve();
    }
  }

  /** Goes on if the pong is known to prove the payload with its ping. */
  private void resolve() {
    if (doubtful && proof.isProved()) {
      doubtful = false;
      awaitingPong = false;
      nudges = 0;
      connection.heartbeat().answered(System.nanoTime());
      flush(connection.outbox());
    }
  }

  /**
   * The client polls by another TCP connection than the one to be proved. A ping makes it use two
   * at once; if that does not help, the one is gone, and what went by it may be.
   */
  private void nudge() {
    if (nudges++ < MAX_NUDGES) {
      proof.nudged();
      answer(List.of(EngineIo.PING));
    } else {
      connection.close(CloseReason.TRANSPORT_ERROR);
    }
  }

  /**
   * The WebSocket takes over. Whether what follows has to wait for the pong to the last payload; if
   * no pong could prove it, its receipts are not given.
   */
  boolean handOver() {
    if (awaitingPong && proof.isCertain()) {
      return true;
    }
    Heartbeat heartbeat = connection.heartbeat();
    if (awaitingPong) {
      if (!proof.isProvedByUpgrade()) {
        heartbeat.doubt();
      }
      heartbeat.answered(System.nanoTime());
    }
    heartbeat.expectStray(proof.strayPongs());
    return false;
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
      if (frames.contains(EngineIo.PING) && !proof.canProve()) {
        withdraw(frames);
      }
      if (!frames.isEmpty()) {
        answer(frames);
      }
    }
  }

  private void withdraw(List<Frame> frames) {
    connection.heartbeat().doubt();
    if (connection.heartbeat().withdraw()) {
      frames.remove(EngineIo.PING);
    }
  }

  @Override
  public long unwrittenBytes() {
    return 0;
  }

  /**
   * Without a waiting poll the outbox stays as it is, for a poll that may still come. What waits
   * behind a ping that was not answered is not sent. A client that was not let in has its poll
   * refused: behind an Engine.IO close its app would hear of no {@code connect_error}.
   */
  @Override
  public void close(CloseReason reason, Outbox outbox) {
    if (poll != null && reason == CloseReason.TRY_LATER) {
      take().reply().send(HttpResponseStatus.SERVICE_UNAVAILABLE, HttpReply.TEXT, reason.text());
    } else if (poll != null) {
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
    PollRequest answered = take();
    proof.answered(answered);
    if (!awaitingPong && frames.contains(EngineIo.PING)) {
      awaitingPong = true;
      proof.pinged(answered);
    }
    answered.reply().send(HttpResponseStatus.OK, HttpReply.TEXT, EngineIo.encodePayload(frames));
  }

  private PollRequest take() {
    PollRequest request = Objects.requireNonNull(poll);
    poll = null;
    request.channel().closeFuture().removeListener(aborted);
    return request;
  }

  private void aborted(Channel channel) {
    if (!ended && poll != null && poll.channel().equals(channel)) {
      poll = null;
      connection.close(CloseReason.TRANSPORT_CLOSED);
    }
  }
}
