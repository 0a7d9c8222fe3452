package dev.laravelrelay.delivery;

import dev.laravelrelay.session.Session;
import dev.laravelrelay.session.SessionRegistry;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;

/** Who is online, on whatever node. Safe from any thread; never blocks. */
@FunctionalInterface
public interface Presence {

  /**
   * A session of a user.
   *
   * @param id the socket id that its client knows
   * @param protocol what it speaks, as the API names it
   * @param since epoch milliseconds
   */
  record Online(String id, String protocol, long since) {

    /** The session as others may know it. */
    public static Online of(Session session) {
      return new Online(session.id(), protocol(session), session.connectedAt());
    }

    /** Resumable or not is the client's affair. */
    private static String protocol(Session session) {
      return switch (session.protocol()) {
        case SOCKET_IO, SOCKET_IO_RESUMABLE -> "socket_io";
        case PLAIN_JSON -> "plain_json";
      };
    }
  }

  /** The user's open sessions; exceptionally if that cannot be found out now. */
  CompletionStage<List<Online>> of(String user);

  /** On a single node. */
  static Presence of(SessionRegistry registry) {
    return user ->
        CompletableFuture.completedStage(Stream.of(registry.ofUser(user)).map(Online::of).toList());
  }
}
