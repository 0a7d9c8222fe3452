package dev.laravelrelay.auth;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Finds out who may join a channel. Safe from any thread; never blocks; never throws. */
@FunctionalInterface
public interface ChannelAuthorizer {

  /** Lets nobody in: there is no Laravel to ask. */
  ChannelAuthorizer NOBODY =
      (token, channel, socketId) -> CompletableFuture.completedStage(new Authorization.Refused());

  /**
   * Asks whether the client may join the channel.
   *
   * @param token the client's, without {@code Bearer}
   * @param channel with its prefix, as {@code private-orders.1}
   * @param socketId the client's socket id
   */
  CompletionStage<Authorization> authorize(String token, String channel, String socketId);

  /** Whether a client may join. */
  sealed interface Authorization {

    /**
     * He may.
     *
     * @param memberInfo for a presence channel the JSON {@code {"user_id":"1","user_info":…}}, if
     *     any was given; else empty
     */
    record Granted(String memberInfo) implements Authorization {}

    /** He may not. */
    record Refused() implements Authorization {}

    /** Nothing is known now: the client should try again. */
    record Unavailable() implements Authorization {}
  }
}
