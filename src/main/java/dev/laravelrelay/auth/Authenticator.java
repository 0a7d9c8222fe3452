package dev.laravelrelay.auth;

import java.util.concurrent.CompletionStage;

/** Finds out whose token it is. Safe from any thread; never blocks; never throws. */
public interface Authenticator {

  /**
   * Says whose token it is.
   *
   * @param token as the client sent it, without {@code Bearer}; empty if it sent none
   */
  CompletionStage<Identity> authenticate(String token);

  /** What is known of a token. */
  sealed interface Identity {

    /**
     * The token is good.
     *
     * @param user the user's id as Laravel knows it
     * @param expiresAt epoch milliseconds at which the session ends; {@link Long#MAX_VALUE}: never
     */
    record Known(String user, long expiresAt) implements Identity {}

    /**
     * The token is not good, and asking again would not help.
     *
     * @param reason a word for {@code data.reason}: missing, invalid, expired, not_yet_valid
     */
    record Refused(String reason) implements Identity {

      /** The client sent no token. */
      public static final Refused MISSING = new Refused("missing");

      /** Malformed, not signed by Laravel, not known to Laravel, or without a user. */
      public static final Refused INVALID = new Refused("invalid");

      /** Its time is over. */
      public static final Refused EXPIRED = new Refused("expired");

      /** Its time is still to come. */
      public static final Refused NOT_YET_VALID = new Refused("not_yet_valid");
    }

    /** Nothing is known now: the client should try again. */
    record Unknown(String reason) implements Identity {

      /** Who knows could not be asked. */
      public static final Unknown UNAVAILABLE = new Unknown("unavailable");
    }
  }
}
