package dev.laravelrelay.redis;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/**
 * How a stream stands.
 *
 * @param lag entries that no node has read
 * @param pending entries that a node has read and that are not done
 * @param last the id read last
 * @param oldestMillis for how long the oldest entry has been there; 0 if there is none
 * @param since {@link System#nanoTime()} since when the last id is the same
 */
record StreamState(long lag, long pending, String last, long oldestMillis, long since) {

  static final StreamState EMPTY = new StreamState(0, 0, "", 0, System.nanoTime());

  /** From the answer of {@code stream-state.lua}. */
  StreamState next(List<?> reply) {
    String read = new String((byte[]) Objects.requireNonNull(reply.get(2)), StandardCharsets.UTF_8);
    boolean moved = number(reply, 0) == 0 || lag == 0 || !read.equals(last);
    return new StreamState(
        number(reply, 0),
        number(reply, 1),
        read,
        number(reply, 3),
        moved ? System.nanoTime() : since);
  }

  private static long number(List<?> reply, int at) {
    return Objects.requireNonNull((Long) reply.get(at));
  }
}
