package dev.laravelrelay.session;

import dev.laravelrelay.protocol.CloseReason;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A connection's pings and what their answers prove. The server pings each interval; a ping that is
 * not answered within the time-out ends the connection. A client's library reads in order and
 * answers a ping by itself, so an answer is a receipt for every frame written before the ping.
 *
 * <p>At most one ping is unanswered at any time: a regular one and one sent for a receipt are the
 * same. What is written while one is under way is covered by the next, so 10,000 events to one
 * session cost as many pings as round trips fit beside them. Answers need no id.
 *
 * <p>Used on the connection's loop only. Times are {@link System#nanoTime()}.
 *
 * @see <a href="https://socket.io/docs/v4/engine-io-protocol/#heartbeat">Engine.IO heartbeat</a>
 */
public final class Heartbeat {

  /** Beyond as many stray answers there are no receipts: each costs as many pings. */
  static final int MAX_STRAY = 4;

  private final Connection connection;
  private final long interval;
  private final long timeout;

  private boolean awaitingAnswer;
  private long since;
  private long answeredAt;
  private @Nullable List<Receipt> covered;
  private @Nullable List<Receipt> uncovered;
  private boolean regular;
  private boolean mute;
  private @Nullable Deque<List<Receipt>> lagging;

  /** Starts at {@code now}: the first ping is due one interval later. Durations in nanoseconds. */
  public Heartbeat(Connection connection, long interval, long timeout, long now) {
    this.connection = connection;
    this.interval = interval;
    this.timeout = timeout;
    this.since = now;
    this.answeredAt = now;
  }

  /** Asks for a receipt for everything written so far. */
  public void cover(Receipt receipt, long now) {
    if (mute) {
      return;
    }
    if (uncovered == null) {
      uncovered = new ArrayList<>(2);
    }
    uncovered.add(receipt);
    if (!awaitingAnswer) {
      ping(now, false);
    }
  }

  /** The client answered. An answer that was not asked for proves nothing and is ignored. */
  public void answered(long now) {
    if (!awaitingAnswer) {
      return;
    }
    awaitingAnswer = false;
    since = now;
    answeredAt = now;
    List<Receipt> proved = covered;
    covered = null;
    if (lagging != null) {
      lagging.addLast(proved == null ? List.of() : proved);
      proved = lagging.removeFirst();
    }
    if (uncovered != null || isLagging()) {
      ping(now, false);
    }
    if (proved != null) {
      proved.forEach(Receipt::received);
    }
  }

  private boolean isLagging() {
    return lagging != null && lagging.stream().anyMatch(receipts -> !receipts.isEmpty());
  }

  /** What was written so far may have got lost: its receipts are not given. */
  public void doubt() {
    covered = null;
    uncovered = null;
  }

  /** Takes back the ping that has not gone out yet. False if it was a regular one, and must go. */
  public boolean withdraw() {
    if (!awaitingAnswer || regular) {
      return false;
    }
    awaitingAnswer = false;
    since = answeredAt;
    return true;
  }

  /**
   * As many answers may come that are not to the pings sent from here on: a receipt waits for as
   * many more.
   */
  public void expectStray(int answers) {
    if (answers > MAX_STRAY) {
      mute = true;
    } else if (answers > 0) {
      lagging = new ArrayDeque<>(Collections.nCopies(answers, List.of()));
    }
  }

  /** Pings or ends the connection if that is due. */
  public void tick(long now) {
    if (now - nextDeadline() < 0) {
      return;
    }
    if (awaitingAnswer) {
      connection.close(CloseReason.PING_TIMEOUT);
    } else {
      ping(now, true);
    }
  }

  /**
   * Whether the client has been silent for an interval and a time-out, which is as long as it may
   * be, however late the ping went out.
   */
  public boolean isOverdue(long now) {
    return now - answeredAt >= interval + timeout;
  }

  /**
   * When to call {@link #tick} next: at the deadline, but after an interval at the latest, as an
   * answer that comes meanwhile makes the next ping due then.
   */
  public long nextTick(long now) {
    long deadline = nextDeadline();
    return deadline - now > interval ? now + interval : deadline;
  }

  private long nextDeadline() {
    return since + (awaitingAnswer ? timeout : interval);
  }

  private void ping(long now, boolean isRegular) {
    awaitingAnswer = true;
    regular = isRegular;
    since = now;
    covered = uncovered;
    uncovered = null;
    connection.ping();
  }
}
