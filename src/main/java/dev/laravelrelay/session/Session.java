package dev.laravelrelay.session;

import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.protocol.Protocol;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * One connected client of one user. Owns the order of what the client gets: first what it missed
 * and what was held for the user, then what came since it was registered.
 *
 * <p>A session with a {@link ResumeLog} goes on collecting after its connection ended, so that its
 * client may resume.
 *
 * <p>Accessors may be called from any thread; what delivers is called on the connection's loop.
 */
public final class Session {

  private final String id;
  private final String user;
  private final Protocol protocol;
  private final Connection connection;
  private final Outbox outbox;
  private final Heartbeat heartbeat;
  private final long connectedAt;
  private final @Nullable ResumeLog resumeLog;

  /**
   * A resumable Socket.IO client must not get an event behind one that it missed: its offset would
   * pass over the missed one. A poll's answer can get lost alone; a ping behind it stops what
   * follows.
   */
  private final @Nullable Receipt unasked;

  private volatile boolean open = true;

  /** Deliveries that wait for {@link #catchUp}; null once it has happened. */
  private @Nullable List<Delivery> early = new ArrayList<>(0);

  /**
   * A session that waits for {@link #catchUp}.
   *
   * @param id the socket id that the client knows, as {@code 123.456}
   * @param connectedAt epoch milliseconds
   * @param resumeLog null if the client cannot resume
   */
  public Session(
      String id,
      String user,
      Protocol protocol,
      Connection connection,
      Outbox outbox,
      Heartbeat heartbeat,
      long connectedAt,
      @Nullable ResumeLog resumeLog) {
    this.id = id;
    this.user = user;
    this.protocol = protocol;
    this.connection = connection;
    this.outbox = outbox;
    this.heartbeat = heartbeat;
    this.connectedAt = connectedAt;
    this.resumeLog = resumeLog;
    this.unasked = protocol == Protocol.SOCKET_IO_RESUMABLE ? () -> {} : null;
  }

  public String id() {
    return id;
  }

  public String user() {
    return user;
  }

  public Protocol protocol() {
    return protocol;
  }

  /** Epoch milliseconds. */
  public long connectedAt() {
    return connectedAt;
  }

  /** What the client may resume from; null if it cannot resume. */
  public @Nullable ResumeLog resumeLog() {
    return resumeLog;
  }

  /** False from the moment at which the connection began to close. */
  public boolean isOpen() {
    return open;
  }

  /** The thread on which to call {@link #deliver}. */
  public Executor loop() {
    return connection.loop();
  }

  /**
   * Sends the event, or keeps it until {@link #catchUp}. A closed session drops it, or logs it for
   * a client that may resume.
   */
  public void deliver(Delivery delivery) {
    if (early != null) {
      early.add(delivery);
    } else {
      send(delivery);
    }
  }

  /** Of a client that has no event yet. */
  public void catchUp(Collection<Delivery> missed) {
    catchUp(missed, Set.of());
  }

  /**
   * Sends what the client missed and what was held for the user, then what came meanwhile; from
   * here on deliveries go straight out. An event that is in both is sent once, in its later place.
   * Called exactly once.
   *
   * @param received the ids of events that the client has, should they have come meanwhile
   */
  public void catchUp(Collection<Delivery> missed, Set<String> received) {
    List<Delivery> later = early == null ? new ArrayList<>(0) : early;
    later.removeIf(delivery -> received.contains(delivery.eventId()));
    early = null;
    Set<String> sentLater = HashSet.newHashSet(later.size());
    later.forEach(delivery -> sentLater.add(delivery.eventId()));
    for (Delivery delivery : missed) {
      if (!sentLater.contains(delivery.eventId())) {
        send(delivery);
      }
    }
    later.forEach(this::send);
  }

  private void send(Delivery delivery) {
    if (resumeLog != null && !resumeLog.add(delivery, System.currentTimeMillis())) {
      return;
    }
    if (open && outbox.offer(delivery.frame())) {
      Receipt receipt = delivery.receipt() == null ? unasked : delivery.receipt();
      if (receipt != null) {
        heartbeat.cover(receipt, System.nanoTime());
      }
    }
  }

  /** The connection is closing: nothing is sent any more. From any thread. */
  public void closed() {
    open = false;
  }

  /** Ends the connection. From any thread. */
  public void close(CloseReason reason) {
    connection.close(reason);
  }
}
