package dev.laravelrelay.event;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a channel's name says, by the conventions of Laravel and Pusher: who may join is in its
 * prefix. Names are the decoded ones, without a prefix of Redis.
 */
public final class ChannelName {

  /** Pusher's limit, in characters. */
  public static final int MAX_LENGTH = 164;

  private static final Pattern VALID = Pattern.compile("[-a-zA-Z0-9_=@,.;]+");

  /** Laravel's names for the channel of one user: in its documentation, since 8, and up to 7. */
  private static final List<String> USER_PREFIXES =
      List.of("private-user.", "private-App.Models.User.", "private-App.User.");

  /** Who may join a channel. */
  public enum Kind {
    /** Anyone. */
    PUBLIC,
    /** Whom Laravel admits. */
    PRIVATE,
    /** Whom Laravel admits; the members see each other. */
    PRESENCE,
    /** Whom Laravel admits; the data is encrypted end to end. */
    PRIVATE_ENCRYPTED;

    /** Whether Laravel has to be asked. */
    public boolean needsAuthorization() {
      return this != PUBLIC;
    }
  }

  private ChannelName() {}

  /** The kind of channel that the name belongs to. */
  public static Kind kind(String name) {
    if (name.startsWith("private-encrypted-")) {
      return Kind.PRIVATE_ENCRYPTED;
    }
    if (name.startsWith("private-")) {
      return Kind.PRIVATE;
    }
    return name.startsWith("presence-") ? Kind.PRESENCE : Kind.PUBLIC;
  }

  /** Whether a channel may be called so: Pusher's characters, 1 to {@link #MAX_LENGTH} of them. */
  public static boolean isValid(String name) {
    return name.length() <= MAX_LENGTH && VALID.matcher(name).matches();
  }

  /**
   * The id of the user whose own channel it is: {@code private-user.42}, {@code
   * private-App.Models.User.42}, {@code private-App.User.42}. As in Laravel since 9 an id has no
   * dot in it: {@code private-user.42.orders} is a channel like any other.
   */
  public static Optional<String> owner(String name) {
    return USER_PREFIXES.stream()
        .filter(name::startsWith)
        .map(prefix -> name.substring(prefix.length()))
        .filter(id -> !id.isEmpty() && id.indexOf('.') < 0)
        .findFirst();
  }
}
