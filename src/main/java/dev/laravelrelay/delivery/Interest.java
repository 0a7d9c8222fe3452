package dev.laravelrelay.delivery;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * What a node has to hear of: told when sessions come and go, so that events for a user or a
 * channel reach every node that has a session of his or in it, and no other node. Safe from any
 * thread; never blocks.
 */
public interface Interest {

  /** Of the only node: everything is heard as it is. */
  Interest SINGLE_NODE =
      new Interest() {
        @Override
        public CompletionStage<Void> expect(String user) {
          return CompletableFuture.completedStage(null);
        }

        @Override
        public void arrived(String user) {}

        @Override
        public void left(String user) {}

        @Override
        public CompletionStage<Void> channelChanged(String channel) {
          return CompletableFuture.completedStage(null);
        }
      };

  /**
   * A session of the user is about to be registered. To be called before its client is told that it
   * is connected, and before the user's held events are read for it: then nothing falls between.
   *
   * @return completes as soon as events for the user are heard here, or cannot be for now; never
   *     exceptionally
   */
  CompletionStage<Void> expect(String user);

  /** The session that was expected is registered. */
  void arrived(String user);

  /** A session of the user is registered no more: it is suspended, or gone. */
  void left(String user);

  /**
   * Sessions came into the channel or left it.
   *
   * @return as {@link #expect}
   */
  CompletionStage<Void> channelChanged(String channel);
}
