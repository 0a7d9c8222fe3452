package dev.laravelrelay.redis;

import dev.laravelrelay.delivery.Notice;
import dev.laravelrelay.delivery.Notice.Kind;
import dev.laravelrelay.delivery.PresenceNotices;
import dev.laravelrelay.delivery.WebhookQueue;
import dev.laravelrelay.session.Session;
import dev.laravelrelay.session.SessionRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells Laravel who is online on any node and who on none: {@code user_online} with a user's first
 * session anywhere, {@code user_offline} when he has had none for the grace time. A node whose
 * lease is over has no users. Whatever is told is told by one node: the step that decides puts the
 * notice among those that wait for Laravel. What Redis does not take is written later, as it is
 * then.
 *
 * <p>If Redis loses what it knew, nobody who was told before is told again.
 *
 * <p>Safe from any thread; nothing blocks.
 */
final class RedisPresenceNotices {

  private static final Logger log = LoggerFactory.getLogger(RedisPresenceNotices.class);

  /** After how long without renewal a node counts as dead. */
  static final Duration LEASE = Duration.ofMillis(RedisPresence.LEASE_MILLIS);

  /** How often {@link #sweep} is to be called. */
  static final long SWEEP_MILLIS = 500;

  private static final int MAX_BATCH = 200;

  /** How many batches may be under way: while they are, changes gather. */
  private static final int MAX_BATCHES = 4;

  private static final RedisScript MARK =
      RedisScript.of("clock.lua", "hooks.lua", "online.lua", "online-mark.lua");
  private static final RedisScript SWEEP =
      RedisScript.of("clock.lua", "hooks.lua", "online.lua", "online-sweep.lua");
  private static final RedisScript AWAY =
      RedisScript.of("clock.lua", "hooks.lua", "online.lua", "online-away.lua");
  private static final RedisScript LEAVE =
      RedisScript.of("clock.lua", "hooks.lua", "online.lua", "online-leave.lua");

  /**
   * Users that are being written.
   *
   * @param gone those of them who are not here
   * @param toldBefore those of them who were known when Redis lost it
   * @param epoch of what Redis knew before
   */
  private record Batch(
      List<String> users, List<String> gone, List<String> toldBefore, @Nullable String epoch) {}

  private final RedisWebhookQueue queue;
  private final RedisNames names;
  private final String node;
  private final Duration grace;
  private final SessionRegistry registry;
  private final LongSupplier clock;

  /** Who is to be written. Guarded by this, as the rest. */
  private final Set<String> changed = new LinkedHashSet<>();

  /** Who may be known to be on this node. */
  private final Set<String> written = new LinkedHashSet<>();

  /** Who was known when Redis lost it: Laravel was told. */
  private final Set<String> lost = new LinkedHashSet<>();

  /** How many batches are under way. */
  private int writing;

  /** Whether the last batch failed: then none is sent before the next sweep. */
  private boolean failing;

  private @Nullable String epoch;
  private boolean stopped;

  /**
   * Knows nobody yet.
   *
   * @param node this one
   * @param clock epoch milliseconds
   */
  RedisPresenceNotices(
      RedisWebhookQueue queue,
      RedisNames names,
      String node,
      Duration grace,
      SessionRegistry registry,
      LongSupplier clock) {
    this.queue = queue;
    this.names = names;
    this.node = node;
    this.grace = grace;
    this.registry = registry;
    this.clock = clock;
  }

  /** Sessions of the user came or went. */
  synchronized void changed(String user) {
    if (stopped) {
      return;
    }
    if (isHere(user) || written.contains(user) || lost.contains(user)) {
      changed.add(user);
      write();
    } else {
      changed.remove(user);
    }
  }

  private boolean isHere(String user) {
    return Stream.of(registry.ofUser(user)).anyMatch(Session::isOpen);
  }

  /** Renews the lease, and tells who is offline; to be called every {@link #SWEEP_MILLIS}. */
  void sweep() {
    synchronized (this) {
      if (stopped) {
        return;
      }
      failing = false;
      write();
    }
    List<byte[]> arguments = arguments();
    arguments.add(number(LEASE.toMillis()));
    arguments.add(number(grace.toMillis()));
    arguments.add(number(MAX_BATCH));
    run(SWEEP, arguments)
        .thenCompose(
            reply -> {
              List<?> left = (List<?>) reply.get(4);
              boolean more = left.size() == 2 * MAX_BATCH;
              return away(left).thenAccept(told -> sweepAgain(more));
            });
  }

  private void sweepAgain(boolean more) {
    if (more) {
      sweep();
    }
  }

  /** Writes who changed; under the lock, so that the last state of a user is the last written. */
  private void write() {
    while (writing < MAX_BATCHES && !failing && !changed.isEmpty() && queue.isUp()) {
      List<byte[]> arguments = arguments();
      arguments.add(number(LEASE.toMillis()));
      Batch batch = take(arguments);
      writing++;
      run(MARK, arguments).whenComplete((reply, failure) -> written(batch, failure == null));
    }
  }

  private synchronized void written(Batch batch, boolean done) {
    writing--;
    if (stopped) {
      return;
    }
    boolean forgotten = batch.epoch() != null && !batch.epoch().equals(epoch);
    if (!done) {
      failing = true;
      changed.addAll(batch.users());
      written.addAll(batch.users());
      lost.addAll(batch.toldBefore());
    } else if (forgotten) {
      changed.addAll(batch.gone());
      lost.addAll(batch.gone());
    }
    write();
  }

  private Batch take(List<byte[]> arguments) {
    List<String> users = new ArrayList<>();
    List<String> gone = new ArrayList<>();
    List<String> told = new ArrayList<>(0);
    Iterator<String> next = changed.iterator();
    while (next.hasNext() && users.size() + gone.size() < MAX_BATCH) {
      String user = next.next();
      next.remove();
      boolean here = isHere(user);
      boolean toldBefore = lost.remove(user);
      if (toldBefore) {
        told.add(user);
      }
      if (here || toldBefore || written.contains(user)) {
        (here ? users : gone).add(user);
        arguments.add(RedisNames.utf8(user));
        String how = here ? (toldBefore ? "2" : "1") : (toldBefore ? "3" : "0");
        arguments.add(RedisNames.utf8(how));
        add(arguments, PresenceNotices.notice(Kind.USER_ONLINE, user, clock.getAsLong()));
      }
      if (here) {
        written.add(user);
      } else {
        written.remove(user);
      }
    }
    users.addAll(gone);
    return new Batch(users, gone, told, epoch);
  }

  /** Tells that they are away; those who came back meanwhile are not. */
  private CompletableFuture<List<?>> away(List<?> usersAndTimes) {
    if (usersAndTimes.isEmpty()) {
      return CompletableFuture.completedFuture(List.of());
    }
    List<byte[]> arguments = arguments();
    for (int i = 0; i < usersAndTimes.size(); i += 2) {
      byte[] user = (byte[]) usersAndTimes.get(i);
      byte[] since = (byte[]) usersAndTimes.get(i + 1);
      arguments.add(user);
      arguments.add(since);
      long leftAt = (long) Double.parseDouble(text(since));
      add(arguments, PresenceNotices.notice(Kind.USER_OFFLINE, text(user), leftAt));
    }
    return run(AWAY, arguments);
  }

  /**
   * The node goes: its users are away, unless they come to another node in time. If there is no
   * other, Laravel is told at once.
   */
  CompletableFuture<?> leave() {
    synchronized (this) {
      stopped = true;
      changed.clear();
    }
    return tellAll();
  }

  private CompletableFuture<List<?>> tellAll() {
    List<byte[]> arguments = arguments();
    arguments.add(number(MAX_BATCH));
    return run(LEAVE, arguments)
        .thenCompose(
            reply -> {
              List<?> left = (List<?>) reply.get(4);
              return away(left).thenCompose(told -> left.isEmpty() ? done(told) : tellAll());
            });
  }

  private static CompletableFuture<List<?>> done(List<?> reply) {
    return CompletableFuture.completedFuture(reply);
  }

  private CompletableFuture<List<?>> run(RedisScript script, List<byte[]> arguments) {
    return queue
        .run(script, names.online(), arguments)
        .thenApply(
            reply -> {
              queue.dropped("full", reply);
              known((Long) reply.get(2) == 1, text(reply.get(3)));
              return reply;
            });
  }

  /** Writes everybody again if this node, or everything, was forgotten. */
  private synchronized void known(boolean here, String now) {
    boolean first = epoch == null;
    boolean sameAsBefore = now.equals(epoch);
    epoch = now;
    if (first || (here && sameAsBefore) || stopped) {
      return;
    }
    log.info("{} is written again", sameAsBefore ? "who is on this node" : "who is online");
    if (!sameAsBefore) {
      lost.addAll(written);
    }
    for (Session session : registry.all()) {
      changed.add(session.user());
    }
    changed.addAll(written);
  }

  private static void add(List<byte[]> arguments, Notice notice) {
    arguments.add(RedisNames.utf8(notice.id()));
    arguments.add(NoticeBytes.of(notice));
    arguments.add(number(WebhookQueue.weight(notice)));
    arguments.add(RedisNames.utf8(notice.lane()));
  }

  private List<byte[]> arguments() {
    List<byte[]> arguments = queue.bounds();
    arguments.add(names.onlineUsers());
    arguments.add(RedisNames.utf8(node));
    return arguments;
  }

  private static String text(Object bytes) {
    return new String((byte[]) bytes, StandardCharsets.UTF_8);
  }

  private static byte[] number(long number) {
    return RedisNames.utf8(Long.toString(number));
  }
}
