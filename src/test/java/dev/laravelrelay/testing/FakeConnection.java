package dev.laravelrelay.testing;

import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.protocol.Frame;
import dev.laravelrelay.protocol.Protocol;
import dev.laravelrelay.session.Connection;
import dev.laravelrelay.session.Heartbeat;
import dev.laravelrelay.session.Outbox;
import dev.laravelrelay.session.ResumeLog;
import dev.laravelrelay.session.Session;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A connection that keeps what it was told to do; its loop is the caller, or one that is given. */
public final class FakeConnection implements Connection {

  /** What was written, in order; a ping is written as {@code ping}. */
  public final List<String> written = new CopyOnWriteArrayList<>();

  /** Why it was closed first; null while it is open. */
  public final AtomicReference<@Nullable CloseReason> closedFor = new AtomicReference<>();

  public volatile boolean writable = true;
  public volatile long unwritten;

  private final Executor loop;
  private final Heartbeat heartbeat;
  private final Outbox outbox;

  public FakeConnection() {
    this(Runnable::run, Integer.MAX_VALUE);
  }

  public FakeConnection(Executor loop, int outboxBytes) {
    this.loop = loop;
    this.heartbeat = new Heartbeat(this, Long.MAX_VALUE / 4, Long.MAX_VALUE / 4, System.nanoTime());
    this.outbox = new Outbox(this, outboxBytes);
  }

  public Outbox outbox() {
    return outbox;
  }

  /** The client's library answers a ping. */
  public void answer() {
    heartbeat.answered(System.nanoTime());
  }

  /** A session on this connection that has not caught up. */
  public Session session(String id, String user) {
    return session(id, user, Protocol.PLAIN_JSON, null);
  }

  public Session session(String id, String user, Protocol protocol, @Nullable ResumeLog log) {
    return new Session(id, user, protocol, this, outbox, heartbeat, 0, log);
  }

  /** A session on this connection that delivers at once. */
  public Session live(String id, String user) {
    Session session = session(id, user);
    session.catchUp(List.of());
    return session;
  }

  @Override
  public Executor loop() {
    return loop;
  }

  @Override
  public boolean write(Frame frame) {
    if (writable) {
      written.add(frame.text());
    }
    return writable;
  }

  @Override
  public long unwrittenBytes() {
    return unwritten;
  }

  @Override
  public void ping() {
    written.add("ping");
  }

  @Override
  public void close(CloseReason reason) {
    closedFor.compareAndSet(null, reason);
  }
}
