package dev.laravelrelay.session;

import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.protocol.Frame;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A connection's frames that are not yet written, in order, bounded in bytes. What the transport
 * holds unwritten counts too. A frame that does not fit closes the connection as {@link
 * CloseReason#SLOW_CLIENT}: a reader who has stopped costs at most the limit, and slows nobody
 * else. An empty outbox takes any frame, however large.
 *
 * <p>Used on the connection's loop only.
 */
public final class Outbox {

  private final Connection connection;
  private final int limit;
  private @Nullable ArrayDeque<Frame> queue;
  private int queuedBytes;

  /**
   * @param limit in bytes
   */
  public Outbox(Connection connection, int limit) {
    this.connection = connection;
    this.limit = limit;
  }

  /** Writes or queues the frame; returns false if it did not fit and the connection was closed. */
  public boolean offer(Frame frame) {
    long pending = connection.unwrittenBytes() + queuedBytes;
    if (pending > 0 && pending + frame.size() > limit) {
      clear();
      connection.close(CloseReason.SLOW_CLIENT);
      return false;
    }
    if (isEmpty() && connection.write(frame)) {
      return true;
    }
    if (queue == null) {
      queue = new ArrayDeque<>(4);
    }
    queue.add(frame);
    queuedBytes += frame.size();
    return true;
  }

  /** Hands every queued frame to the consumer, oldest first, and forgets it. */
  public void drainTo(Consumer<Frame> consumer) {
    if (queue == null) {
      return;
    }
    ArrayDeque<Frame> drained = queue;
    clear();
    drained.forEach(consumer);
  }

  /** Whether nothing is queued here. */
  public boolean isEmpty() {
    return queue == null;
  }

  /** Bytes queued here, without the transport's. */
  public int queuedBytes() {
    return queuedBytes;
  }

  /** Forgets what is queued. */
  public void clear() {
    queue = null;
    queuedBytes = 0;
  }
}
