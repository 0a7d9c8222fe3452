package dev.laravelrelay.redis;

import dev.laravelrelay.delivery.Presence;
import dev.laravelrelay.session.Session;
import dev.laravelrelay.session.SessionRegistry;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import redis.clients.jedis.Protocol;

/**
 * Who is online, by node: each node keeps its users' sessions in their hashes, and a lease of its
 * own for {@link #LEASE_MILLIS} that it renews every {@link #RENEWAL_MILLIS}. What a node without a
 * lease left behind does not count, and goes when somebody asks or after an hour. A node whose
 * lease had lapsed writes everything again. Safe from any thread; never blocks.
 */
final class RedisPresence implements Presence {

  /** After how long without renewal a node counts as dead. */
  static final long LEASE_MILLIS = 9_000;

  static final long RENEWAL_MILLIS = 3_000;

  /** For how long a user's hash stays without being written; each is written four times within. */
  private static final long KEPT_MILLIS = 3_600_000;

  private static final long REWRITE_MILLIS = KEPT_MILLIS / 4;
  private static final int MAX_WRITES = 2_000;

  private static final byte[] NOBODY = {};
  private static final RedisScript WRITE = RedisScript.of("presence-write.lua");
  private static final RedisScript FORGET = RedisScript.of("presence-forget.lua");

  private final RedisLane lane;
  private final RedisNames names;
  private final byte[] node;
  private final byte[] lease;
  private final SessionRegistry registry;

  /** Whose sessions are to be written, in turn. Guarded by itself. */
  private final Set<String> changed = new LinkedHashSet<>();

  /** Tells what is written anew from what was there before. */
  private final AtomicLong writes = new AtomicLong();

  private boolean writing;
  private volatile long writtenAllAt = System.nanoTime();

  RedisPresence(RedisLane lane, RedisNames names, String node, SessionRegistry registry) {
    this.lane = lane;
    this.names = names;
    this.node = RedisNames.utf8(node);
    this.lease = names.lease(node);
    this.registry = registry;
  }

  @Override
  public CompletionStage<List<Online>> of(String user) {
    byte[] key = names.presence(user);
    return lane.send(Protocol.Command.HGETALL, key)
        .thenCompose(
            reply -> {
              List<CompletableFuture<List<Online>>> nodes = new ArrayList<>();
              for (Iterator<?> parts = ((List<?>) reply).iterator(); parts.hasNext(); ) {
                nodes.add(on((byte[]) parts.next(), (byte[]) parts.next(), key));
              }
              return CompletableFuture.allOf(nodes.toArray(CompletableFuture[]::new))
                  .thenApply(
                      all ->
                          nodes.stream()
                              .flatMap(one -> one.join().stream())
                              .sorted(Comparator.comparingLong(Online::since))
                              .toList());
            });
  }

  /** What is written of a node, if it lives; that of a dead one is forgotten. */
  private CompletableFuture<List<Online>> on(byte[] other, byte[] written, byte[] key) {
    String id = new String(other, StandardCharsets.UTF_8);
    return lane.send(Protocol.Command.EXISTS, names.lease(id))
        .thenApply(
            living -> {
              if (Long.valueOf(1).equals(living)) {
                return read(written);
              }
              lane.run(FORGET, List.of(key), List.of(other, written));
              return List.of();
            });
  }

  /** Sessions of the user came or went. */
  void changed(String user) {
    synchronized (changed) {
      changed.add(user);
    }
    write();
  }

  /** Renews the lease; to be called every {@link #RENEWAL_MILLIS}. */
  void renew() {
    boolean due = System.nanoTime() - writtenAllAt > REWRITE_MILLIS * 1_000_000;
    byte[] millis = RedisNames.utf8(Long.toString(LEASE_MILLIS));
    lane.send(
            Protocol.Command.SET,
            lease,
            RedisNames.utf8("1"),
            RedisNames.utf8("PX"),
            millis,
            RedisNames.utf8("GET"))
        .thenAccept(
            before -> {
              if (before == null || due) {
                writeAll();
              }
            });
    write();
  }

  /** Gives the lease up: everyone here is offline at once. */
  CompletableFuture<Object> leave() {
    return lane.send(Protocol.Command.DEL, lease);
  }

  private void writeAll() {
    writtenAllAt = System.nanoTime();
    synchronized (changed) {
      for (Session session : registry.all()) {
        changed.add(session.user());
      }
    }
    write();
  }

  /** Writes what changed, in bounded turns; what fails is tried again at the next renewal. */
  private void write() {
    List<String> users = new ArrayList<>();
    synchronized (changed) {
      if (writing || !lane.isUp()) {
        return;
      }
      Iterator<String> next = changed.iterator();
      while (next.hasNext() && users.size() < MAX_WRITES) {
        users.add(next.next());
        next.remove();
      }
      writing = !users.isEmpty();
    }
    for (int i = 0; i < users.size(); i++) {
      String user = users.get(i);
      boolean last = i == users.size() - 1;
      write(user)
          .whenComplete(
              (done, failure) -> {
                boolean more;
                synchronized (changed) {
                  if (failure != null) {
                    changed.add(user);
                  }
                  writing = writing && !last;
                  more = last && failure == null && !changed.isEmpty();
                }
                if (more) {
                  write();
                }
              });
    }
  }

  private CompletionStage<Object> write(String user) {
    List<Online> online =
        Stream.of(registry.ofUser(user)).filter(Session::isOpen).map(Online::of).toList();
    return lane.run(
        WRITE,
        List.of(names.presence(user)),
        List.of(node, bytes(online), RedisNames.utf8(Long.toString(KEPT_MILLIS))));
  }

  /** Never the same twice; none if there is nobody. */
  private byte[] bytes(List<Online> online) {
    if (online.isEmpty()) {
      return NOBODY;
    }
    ByteWriter out = new ByteWriter(64).number(writes.incrementAndGet());
    online.forEach(one -> out.text(one.id()).text(one.protocol()).number(one.since()));
    return out.toBytes();
  }

  private static List<Online> read(byte[] written) {
    List<Online> online = new ArrayList<>();
    ByteReader in = new ByteReader(written);
    in.number();
    while (!in.isAtEnd()) {
      online.add(new Online(in.text(), in.text(), in.number()));
    }
    return online;
  }
}
