package dev.laravelrelay.session;

/**
 * Hears of users who come and go. For one user the calls alternate, beginning with {@link #came},
 * and never overlap. Must not block.
 */
public interface PresenceListener {

  /** Nobody wants to hear. */
  PresenceListener NONE =
      new PresenceListener() {
        @Override
        public void came(String user) {}

        @Override
        public void left(String user) {}
      };

  /** The user's first session is here. */
  void came(String user);

  /** The user's last session has gone. */
  void left(String user);
}
