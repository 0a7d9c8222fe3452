package dev.laravelrelay.delivery;

import dev.laravelrelay.event.Target;
import dev.laravelrelay.protocol.Protocol;
import dev.laravelrelay.session.Delivery;
import dev.laravelrelay.session.Receipt;
import dev.laravelrelay.session.Session;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One event and the sessions that are to get it: one task for each event loop. Most events go to
 * one session, which costs one task and no collection. Used by one thread.
 */
final class Fanout {

  private final EncodedEvent encoded;
  private final Backlog backlog;
  private final @Nullable Receipt receipt;
  private final Map<Protocol, Delivery> deliveries = new EnumMap<>(Protocol.class);
  private @Nullable Session first;
  private @Nullable IdentityHashMap<Executor, List<Session>> more;

  Fanout(EncodedEvent encoded, @Nullable Receipt receipt, Backlog backlog) {
    this.encoded = encoded;
    this.backlog = backlog;
    this.receipt = receipt;
  }

  void add(Session session) {
    deliveries.computeIfAbsent(session.protocol(), protocol -> encoded.in(protocol, receipt));
    if (first == null) {
      first = session;
      return;
    }
    if (more == null) {
      more = new IdentityHashMap<>(4);
      more.computeIfAbsent(first.loop(), loop -> new ArrayList<>(2)).add(first);
    }
    more.computeIfAbsent(session.loop(), loop -> new ArrayList<>(2)).add(session);
  }

  /** Gives each loop its task. */
  void run() {
    if (more != null) {
      more.forEach(this::hand);
    } else if (first != null) {
      hand(first.loop(), List.of(first));
    }
  }

  private void hand(Executor loop, List<Session> sessions) {
    Target target = encoded.target();
    long bytes = (long) Backlog.PER_DELIVERY * sessions.size() + encoded.newBytes();
    backlog.add(target, bytes);
    try {
      loop.execute(
          () -> {
            try {
              sessions.forEach(this::deliver);
            } finally {
              backlog.delivered(target, bytes);
            }
          });
    } catch (RejectedExecutionException stopping) {
      backlog.delivered(target, bytes);
      throw stopping;
    }
  }

  private void deliver(Session session) {
    session.deliver(Objects.requireNonNull(deliveries.get(session.protocol())));
  }
}
