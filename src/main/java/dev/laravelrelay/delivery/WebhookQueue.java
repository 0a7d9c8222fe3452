package dev.laravelrelay.delivery;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The notices that Laravel has not heard yet, in lanes, and those that were given up. Bounded: at
 * the limit the oldest is dropped and counted. A claimed notice is its claimer's until he settles
 * it, and so is its lane: nobody else is given a later notice of it. Safe from any thread. Claiming
 * may block, and is not done on event loops; nothing else blocks.
 */
public interface WebhookQueue {

  /** How many dead notices are kept; the oldest goes first, counted. */
  int MAX_DEAD = 1_000;

  /** What all notices may count in bytes, besides the limit on their number. */
  long MAX_BYTES = 64L << 20;

  /** What a batch may count in bytes; a single notice may be larger. */
  int MAX_BATCH_BYTES = 1 << 20;

  /** What a notice costs besides its data, in bytes, roughly. */
  int OVERHEAD = 256;

  /** What a notice counts against the limits, in bytes. */
  static int weight(Notice notice) {
    return notice.data().length() + OVERHEAD;
  }

  /**
   * A notice under way.
   *
   * @param attempts how often it was refused
   * @param queuedAt epoch milliseconds
   */
  record Queued(Notice notice, int attempts, long queuedAt) {}

  /**
   * A notice that was given up, without its data.
   *
   * @param occurredAt epoch milliseconds
   * @param diedAt epoch milliseconds
   * @param error why it was refused last, in a few words
   */
  record Dead(
      String id, Notice.Kind kind, long occurredAt, int attempts, long diedAt, String error) {}

  /**
   * Adds a notice behind those of its lane.
   *
   * @param alone whether it is to be claimed with no other, because its answer matters
   * @return completes when it is kept
   */
  CompletionStage<Void> add(Notice notice, boolean alone);

  /**
   * Claims what is due, oldest lanes first: several notices, or a single one that is to go alone or
   * has been refused before. Empty if nothing is due.
   */
  List<Queued> claim(int most);

  /** Claims this notice, if it is the next of its lane and that is due; null otherwise. */
  @Nullable Queued claim(Notice notice);

  /** Laravel has them: forgets them. */
  void delivered(List<Queued> claimed);

  /** Laravel refused them: they stay, but their lanes rest for a while. */
  void refused(List<Queued> claimed, Duration rest);

  /** Laravel is away: they are as if they had not been claimed. */
  void release(List<Queued> claimed);

  /** Gives one up. */
  void died(Queued claimed, String error);

  /** Those that were given up, oldest first; exceptionally if they cannot be reached now. */
  CompletionStage<List<Dead>> dead();

  /**
   * Queues a dead one anew; false if there is none with this id. Exceptionally as {@link #dead}.
   */
  CompletionStage<Boolean> retry(String id);

  /** Queues all dead ones anew; answers how many there were. Exceptionally as {@link #dead}. */
  CompletionStage<Integer> retryAll();

  /** How many wait or are under way, as far as is known here. */
  int size();

  /** How many of them are lost if this process ends now. */
  int unkept();
}
