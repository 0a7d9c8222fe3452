package dev.laravelrelay.redis;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.util.JedisClusterCRC16;

/** Which master of a Redis Cluster has which hash slot. Immutable. */
final class ClusterSlots {

  /** How many there are. */
  static final int COUNT = 16_384;

  /** Before anybody was asked. */
  static final ClusterSlots UNKNOWN = new ClusterSlots(new HostAndPort[COUNT]);

  private final @Nullable HostAndPort[] masters;

  /** The masters by slot. */
  ClusterSlots(@Nullable HostAndPort[] masters) {
    this.masters = masters;
  }

  /** Who has the slot of this key or channel; null if nobody is known to. */
  @Nullable HostAndPort masterOf(byte[] key) {
    return masters[JedisClusterCRC16.getSlot(key)];
  }

  /** Everyone who has a slot. */
  Set<HostAndPort> masters() {
    Set<HostAndPort> all = new LinkedHashSet<>(Arrays.asList(masters));
    all.remove(null);
    return all;
  }

  /** How many slots nobody has. */
  long uncovered() {
    return Stream.of(masters).filter(Objects::isNull).count();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ClusterSlots slots && Arrays.equals(masters, slots.masters);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(masters);
  }
}
