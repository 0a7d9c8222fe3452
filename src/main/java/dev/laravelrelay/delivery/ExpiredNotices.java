package dev.laravelrelay.delivery;

import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.RawJson;
import java.time.InstantSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Tells Laravel of held events whose time ended without a receipt. Never blocks. */
public final class ExpiredNotices {

  private final Webhook webhook;
  private final InstantSource clock;

  public ExpiredNotices(Webhook webhook, InstantSource clock) {
    this.webhook = webhook;
    this.clock = clock;
  }

  /** The event was held for this user, and is no longer. */
  public void expired(String user, Event event) {
    ObjectNode data =
        JsonMapper.shared()
            .createObjectNode()
            .put("event_id", event.id())
            .put("event", event.name())
            .put("user", user)
            .put("accepted_at", event.acceptedAt())
            .put("held_until", event.heldUntil());
    webhook.tell(
        Notice.ofUser(
            Notice.Kind.EVENT_EXPIRED, user, clock.millis(), RawJson.of(data.toString())));
  }
}
