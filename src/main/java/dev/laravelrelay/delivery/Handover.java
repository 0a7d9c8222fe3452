package dev.laravelrelay.delivery;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The way of a resumed session from the node that has its log to the one to which its client came
 * back. The log dies with its node: then the client is told that it missed something. Safe from any
 * thread; never blocks.
 */
public interface Handover {

  /** Of a single node: there is no other. */
  Handover NONE =
      new Handover() {
        @Override
        public CompletionStage<List<Place>> find(Claim claim) {
          return CompletableFuture.completedStage(List.of());
        }

        @Override
        public CompletionStage<Inheritance> take(Place place, Claim claim) {
          return CompletableFuture.failedStage(new IllegalStateException("there is no other node"));
        }

        @Override
        public void serve(Holder sessions) {}
      };

  /**
   * What a client says of the session that it wants to resume.
   *
   * @param pid the secret of a Socket.IO session; null for a plain one, which may be any of its
   *     user's that had the event
   * @param offset the id of the last event that the client has
   */
  record Claim(String user, @Nullable String pid, String offset) {}

  /**
   * A session that may be resumed.
   *
   * @param socketId as its client knows it
   * @param suspended whether its connection is known to have ended
   * @param channels that it is in, with its presence data
   */
  record Offer(String socketId, boolean suspended, Map<String, String> channels) {}

  /** Where the session is. */
  record Place(String node, Offer offer) {}

  /**
   * What the new session goes on with.
   *
   * @param channels that it is in, with its presence data
   * @param wasGone whether its user was announced there as gone
   */
  record Inheritance(Gap gap, Map<String, String> channels, boolean wasGone) {}

  /**
   * Asks the other nodes that know the user: by its secret the session is at one place at most, a
   * plain one may be at several. Without those that cannot be found out in time.
   */
  CompletionStage<List<Place>> find(Claim claim);

  /**
   * Ends the session there, if it is sure to be the client's. The new session must be registered
   * and in the channels that were offered: what is published from now on comes to it, and what the
   * other node heard before is in the gap. Exceptionally if it is not there any more, or does not
   * come in time.
   */
  CompletionStage<Inheritance> take(Place place, Claim claim);

  /** From now on other nodes are given what this one has. */
  void serve(Holder sessions);

  /** The sessions of this node, for others. */
  interface Holder {

    /**
     * The sessions that may be meant, if the client can be given all that it missed: one, unless it
     * matters which one it is.
     */
    List<Offer> find(Claim claim);

    /** Gives it up; empty if it is not here any more. */
    CompletionStage<Optional<Inheritance>> release(Claim claim);
  }
}
