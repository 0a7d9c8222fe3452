package dev.laravelrelay.delivery;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** Who is in presence channels on other nodes. Safe from any thread; never blocks. */
public interface Rosters {

  /** How many members are listed at most. */
  int MAX_MEMBERS = 1_000;

  /** Of a single node. */
  Rosters NONE =
      new Rosters() {
        @Override
        public CompletionStage<Map<String, String>> elsewhere(String channel) {
          return CompletableFuture.completedStage(Map.of());
        }

        @Override
        public void serve(Function<String, Map<String, String>> here) {}
      };

  /**
   * The users in the channel on other nodes, each with his presence data. A node that does not
   * answer in time is left out.
   */
  CompletionStage<Map<String, String>> elsewhere(String channel);

  /**
   * From now on other nodes are told who is here.
   *
   * @param here the users in a channel on this node, each with his presence data; called on the
   *     thread that hears the other nodes
   */
  void serve(Function<String, Map<String, String>> here);
}
