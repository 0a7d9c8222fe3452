package dev.laravelrelay.redis;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the relay's own keys and channels are called. All that belongs to one user has his id as a
 * hash tag, so that a Cluster keeps it together. Immutable.
 *
 * @see <a href="https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/">Hash
 *     tags</a>
 */
final class RedisNames {

  private static final List<String> HOOKS =
      List.of(
          "notices",
          "order",
          "due",
          "resting",
          "claimed",
          "holders",
          "under-way",
          "sums",
          "dead",
          "deaths");

  private static final List<String> ONLINE = List.of("nodes", "places", "told", "leaving");

  private final String prefix;

  /** Two environments with different prefixes may share a Redis. */
  RedisNames(String prefix) {
    this.prefix = prefix;
  }

  /** The pub/sub channel of a topic. */
  String channel(Topic topic) {
    return prefix
        + switch (topic) {
          case Topic.User(String id) -> "u:" + tag(id);
          case Topic.Suspended(String id) -> "z:" + tag(id);
          case Topic.Channel(String name) -> "c:" + tag(name);
          case Topic.Node(String id) -> "n:" + id;
          case Topic.Everyone _ -> "all";
        };
  }

  byte[] bytes(Topic topic) {
    return utf8(channel(topic));
  }

  /** A hash: a user's held events with their sum in bytes. */
  byte[] held(String user) {
    return utf8(prefix + "held:" + tag(user));
  }

  /** A sorted set: the ids of a user's held events in their order. */
  byte[] heldOrder(String user) {
    return utf8(prefix + "held:" + tag(user) + ":order");
  }

  /** A sorted set: the ids of a user's held events by the end of their hold. */
  byte[] heldUntil(String user) {
    return utf8(prefix + "held:" + tag(user) + ":until");
  }

  /** A sorted set: the users by when their first held event ends. */
  byte[] expiring() {
    return utf8(prefix + "expiring");
  }

  /** A string: what became of the emit with this id. */
  byte[] emitted(String id) {
    return utf8(prefix + "id:" + tag(id));
  }

  /** A string: a call. */
  byte[] call(String id) {
    return utf8(prefix + "call:" + tag(id));
  }

  /** What the notices for Laravel are kept in, in the order in which hooks.lua knows the keys. */
  List<byte[]> hooks() {
    return HOOKS.stream().map(name -> utf8(prefix + "hooks:{hooks}:" + name)).toList();
  }

  /** Begins the names of sorted sets: the ids of the notices in a lane. */
  byte[] hookLanes() {
    return utf8(prefix + "hooks:{hooks}:lane:");
  }

  /** The keys of {@link #hooks}, and those of who was told to be online. */
  List<byte[]> online() {
    return Stream.concat(HOOKS.stream(), ONLINE.stream())
        .map(name -> utf8(prefix + "hooks:{hooks}:" + name))
        .toList();
  }

  /** Begins the names of sets: the users on a node. */
  byte[] onlineUsers() {
    return utf8(prefix + "hooks:{hooks}:users:");
  }

  /** A hash: a user's sessions by node. */
  byte[] presence(String user) {
    return utf8(prefix + "here:" + tag(user));
  }

  /** A string that is there while the node lives. */
  byte[] lease(String node) {
    return utf8(prefix + "node:" + node);
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** In braces; what would end the tag early is escaped, so that no two names become one. */
  private static String tag(String name) {
    boolean plain = name.indexOf('{') < 0 && name.indexOf('}') < 0 && name.indexOf('%') < 0;
    String safe = plain ? name : name.replace("%", "%25").replace("{", "%7B").replace("}", "%7D");
    return "{" + safe + "}";
  }
}
