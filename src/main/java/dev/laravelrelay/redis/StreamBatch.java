package dev.laravelrelay.redis;

import dev.laravelrelay.redis.StreamPublisher.Plain;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * The plain emits of one read, which go together over the connection that reads. Those that do not
 * are forgotten: their entries are still pending and will be read again. Only used by the thread
 * that reads.
 */
final class StreamBatch implements AutoCloseable {

  private final RedisWire wire;
  private final StreamPublisher publisher;
  private final StreamInFlight inFlight;
  private final BooleanSupplier mine;
  private final List<Plain> plains = new ArrayList<>();
  private final Set<String> recipients = new HashSet<>();

  /**
   * Without any yet.
   *
   * @param mine whether this node is the one that reads
   */
  StreamBatch(
      RedisWire wire, StreamPublisher publisher, StreamInFlight inFlight, BooleanSupplier mine) {
    this.wire = wire;
    this.publisher = publisher;
    this.inFlight = inFlight;
    this.mine = mine;
  }

  /** Takes one that is in flight. */
  void add(Plain plain, String recipient) {
    plains.add(plain);
    recipients.add(recipient);
  }

  /** Publishes them if one goes to any of those. */
  void sendIfFor(Collection<String> others) {
    if (!recipients.isEmpty() && others.stream().anyMatch(recipients::contains)) {
      send();
    }
  }

  /** Publishes them, and waits for it. */
  void send() {
    if (!plains.isEmpty() && mine.getAsBoolean()) {
      publisher.publish(wire, plains);
    }
    close();
  }

  /** Forgets them. */
  @Override
  public void close() {
    plains.forEach(plain -> inFlight.remove(plain.entryId()));
    plains.clear();
    recipients.clear();
  }
}
