package dev.laravelrelay.app;

import dev.laravelrelay.config.WebhookConfig;
import dev.laravelrelay.delivery.Webhook;
import dev.laravelrelay.delivery.WebhookQueue;
import dev.laravelrelay.laravel.Webhooks;
import dev.laravelrelay.lifecycle.StopSequence;
import dev.laravelrelay.metrics.RelayMetrics;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * What Laravel is to hear, and what tells it.
 *
 * @param sender null if there is no webhook
 */
record Hooks(WebhookQueue queue, @Nullable Webhooks sender) {

  /** To be stopped before the queue is. */
  static Hooks of(
      WebhookConfig config,
      WebhookQueue queue,
      RelayMetrics metrics,
      InstantSource clock,
      StopSequence stops) {
    if (config.url().isEmpty()) {
      return new Hooks(queue, null);
    }
    Webhooks sender = new Webhooks(config.url().get(), config, queue, metrics, clock);
    stops.push("webhooks", sender::stop);
    return new Hooks(queue, sender);
  }

  Webhook webhook() {
    return sender == null ? Webhook.NOBODY : sender;
  }
}
