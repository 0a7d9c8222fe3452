package dev.laravelrelay.socket;

import io.netty.channel.Channel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a polling client's answer to a ping proves. HTTP libraries repeat a request by themselves
 * when its connection broke before the answer came (OkHttp and browsers do), so a pong may come
 * twice, and the second one would prove a payload that the client never saw.
 *
 * <p>A pong proves the payload with its ping if no earlier pong can be taken for it:
 *
 * <ul>
 *   <li>it is the session's first ping; or
 *   <li>the client tags its requests ({@code t}), so that a repeat is known; or
 *   <li>a later request has come on the TCP connection by which the payload went: a client reads an
 *       answer whole before it uses the connection again.
 * </ul>
 *
 * <p>The last is worth nothing behind an HTTP proxy, whose connections are its own, and with a
 * client that opens a connection for each request: these give no receipt but the first.
 *
 * <p>Used on the connection's loop only.
 */
final class PollProof {

  /** What is known of a request. */
  enum Kind {
    NEW,
    PERHAPS_REPEATED,
    REPEATED
  }

  /** One for the poll and one for what the client sends. */
  private static final int CONNECTIONS_IN_USE = 2;

  /** A repeat follows the first closely: the client sends one POST at a time. */
  private static final int TAGS_KEPT = 8;

  private final String sid;
  private final List<Channel> inUse = new ArrayList<>(CONNECTIONS_IN_USE);
  private final Deque<String> postTags = new ArrayDeque<>(TAGS_KEPT);
  private @Nullable String answeredTag;
  private boolean tagged = true;
  private boolean proxied;
  private boolean reusesConnections;

  private int pings;
  private boolean provable;
  private @Nullable Channel carrier;
  private boolean pollSince;

  PollProof(String sid) {
    this.sid = sid;
  }

  /** A poll has come. */
  Kind polled(PollRequest poll) {
    pollSince = true;
    boolean perhapsRepeated = note(poll);
    if (poll.tag() != null) {
      return poll.tag().equals(answeredTag) ? Kind.REPEATED : Kind.NEW;
    }
    return perhapsRepeated ? Kind.PERHAPS_REPEATED : Kind.NEW;
  }

  /** A POST was read. */
  Kind posted(PollRequest post) {
    boolean perhapsRepeated = note(post);
    if (post.tag() == null) {
      return perhapsRepeated ? Kind.PERHAPS_REPEATED : Kind.NEW;
    }
    if (postTags.contains(post.tag())) {
      return Kind.REPEATED;
    }
    if (postTags.size() == TAGS_KEPT) {
      postTags.removeFirst();
    }
    postTags.addLast(post.tag());
    return Kind.NEW;
  }

  /** Whether the client opened a TCP connection for it, though it has two and uses those it has. */
  private boolean note(PollRequest request) {
    Channel channel = request.channel();
    boolean known = inUse.contains(channel);
    boolean own = sid.equals(request.previous());
    tagged &= request.tag() != null;
    // Between two of this session's requests the connection served another: it is a proxy's.
    proxied |= request.isProxied() || (known && !own);
    boolean another =
        isDirect() && request.isFirstOnItsConnection() && inUse.size() == CONNECTIONS_IN_USE;
    reusesConnections |= !request.isFirstOnItsConnection();
    if (!known) {
      if (inUse.size() == CONNECTIONS_IN_USE) {
        inUse.removeFirst();
      }
      inUse.add(channel);
    }
    if (isDirect() && own && channel.equals(carrier)) {
      carrier = null;
    }
    return another;
  }

  /** The poll is answered. */
  void answered(PollRequest poll) {
    answeredTag = poll.tag();
    pollSince = false;
  }

  /** A payload with a ping answers the poll; nothing follows until the pong proves it. */
  void pinged(PollRequest poll) {
    provable = canProve();
    carrier = poll.channel();
    pings++;
  }

  /** A ping goes out that proves nothing by itself. */
  void nudged() {
    pings++;
  }

  /** Whether the pong to a ping that went now could prove something. */
  boolean canProve() {
    return pings == 0 || tagged || isDirect();
  }

  /** Whether a pong to the last ping is surely the one to it, or has nothing to prove. */
  boolean isProved() {
    return !provable || isCertain() || carrier == null;
  }

  /** Whether no other pong than the one to the last ping can come. */
  boolean isCertain() {
    return pings <= 1 || tagged;
  }

  /**
   * Whether the client has read the last payload, now that it goes on to its WebSocket: it does so
   * once its poll was answered, and has sent no other since.
   */
  boolean isProvedByUpgrade() {
    return provable && !pollSince;
  }

  /** How many pongs to pings of polling may still come, beside those that are here. */
  int strayPongs() {
    return tagged ? 0 : Math.max(0, pings - 1);
  }

  private boolean isDirect() {
    return reusesConnections && !proxied;
  }
}
