package dev.laravelrelay.delivery;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Logs users out, on whatever node they are. Safe from any thread; never blocks. */
public interface Logouts {

  /** What a node does of it. */
  @FunctionalInterface
  interface Here {

    /** Answers how many open sessions it ended; from any thread, must not block. */
    int logOut(String user, @Nullable String except);
  }

  /**
   * Ends the user's sessions, those included that could be resumed. His clients come back, and are
   * let in if their tokens are still good: what was known of them is forgotten.
   *
   * @param except the socket id of a session that goes on
   * @return how many were open; exceptionally if other nodes cannot be told now, when only those of
   *     this one have ended
   */
  CompletionStage<Integer> logOut(String user, @Nullable String except);

  /** From now on this node does its part. */
  void serve(Here here);

  /** On a single node. */
  static Logouts singleNode() {
    return new Logouts() {

      private volatile Here here = (user, except) -> 0;

      @Override
      public CompletionStage<Integer> logOut(String user, @Nullable String except) {
        return CompletableFuture.completedStage(here.logOut(user, except));
      }

      @Override
      public void serve(Here sessions) {
        here = sessions;
      }
    };
  }
}
