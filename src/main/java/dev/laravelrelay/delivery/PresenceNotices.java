package dev.laravelrelay.delivery;

import dev.laravelrelay.delivery.Notice.Kind;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.session.PresenceListener;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Tells Laravel who is here and who is not: {@code user_online} at once, {@code user_offline} after
 * a grace time, so that a reconnect within it is silence. Of a single node. Safe from any thread;
 * never blocks.
 */
public final class PresenceNotices implements PresenceListener {

  /** One coming or leaving; compared by identity. */
  private static final class Presence {
    private static final Presence HERE = new Presence(0);
    private final long leftAt;

    private Presence(long leftAt) {
      this.leftAt = leftAt;
    }
  }

  private final Webhook webhook;
  private final Duration grace;
  private final ScheduledExecutorService timer;
  private final InstantSource clock;
  private final ConcurrentMap<String, Presence> told = new ConcurrentHashMap<>();

  public PresenceNotices(
      Webhook webhook, Duration grace, ScheduledExecutorService timer, InstantSource clock) {
    this.webhook = webhook;
    this.grace = grace;
    this.timer = timer;
    this.clock = clock;
  }

  @Override
  public void came(String user) {
    told.compute(
        user,
        (same, before) -> {
          if (before == null) {
            tell(Kind.USER_ONLINE, user, clock.millis());
          }
          return Presence.HERE;
        });
  }

  @Override
  public void left(String user) {
    Presence leaving = new Presence(clock.millis());
    if (told.replace(user, leaving) != null) {
      try {
        timer.schedule(() -> away(user, leaving), grace.toMillis(), TimeUnit.MILLISECONDS);
      } catch (RejectedExecutionException stopping) {
        away(user, leaving);
      }
    }
  }

  private void away(String user, Presence leaving) {
    told.computeIfPresent(
        user,
        (same, now) -> {
          if (now != leaving) {
            return now;
          }
          tell(Kind.USER_OFFLINE, user, leaving.leftAt);
          return null;
        });
  }

  /** The relay stops: whoever has left is away, without grace. */
  public void flush() {
    List.copyOf(told.entrySet())
        .forEach(
            entry -> {
              if (entry.getValue() != Presence.HERE) {
                away(entry.getKey(), entry.getValue());
              }
            });
  }

  private void tell(Kind kind, String user, long at) {
    webhook.tell(notice(kind, user, at));
  }

  /** That the user is online or offline since then. */
  public static Notice notice(Kind kind, String user, long at) {
    ObjectNode data = JsonMapper.shared().createObjectNode().put("user", user).put("timestamp", at);
    return Notice.ofUser(kind, user, at, RawJson.of(data.toString()));
  }
}
