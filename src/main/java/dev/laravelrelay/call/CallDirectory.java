package dev.laravelrelay.call;

import dev.laravelrelay.event.CallTerms;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * The calls that are known, by id: bounded, each for its time. Safe from any thread; nothing
 * blocks.
 */
public interface CallDirectory {

  /** How many calls a node keeps in memory at most; more are refused, the known ones stay. */
  int LIMIT = 100_000;

  /** What became of announcing a call. */
  sealed interface Registration {

    /**
     * It is known.
     *
     * @param created false if it was known before: then its state is as it was, and the time that
     *     it may ring begins anew
     */
    record Registered(Call call, boolean created) implements Registration {}

    /** The id is that of a call of other parties. */
    record Taken() implements Registration {}

    /** There is no room, or the directory cannot be reached: to be tried again. */
    record Unavailable(int retryAfterSeconds) implements Registration {}
  }

  /** Makes a call known. */
  CompletionStage<Registration> register(CallTerms terms);

  /** The call, if it is known; exceptionally if that cannot be found out now. */
  CompletionStage<Optional<Call>> get(String id);

  /**
   * Forgets the call; answers what was known of it. Nobody is told. Exceptionally if the directory
   * cannot be reached now.
   */
  CompletionStage<Optional<Call>> end(String id);

  /**
   * Applies a user's signal by {@link Call#after}, atomically: of signals that race, on whatever
   * nodes, the first moves the call and the others are refused.
   */
  CompletionStage<Signalled> signal(String id, CallSignal signal, String user);
}
