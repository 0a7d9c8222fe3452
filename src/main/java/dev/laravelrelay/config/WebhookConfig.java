package dev.laravelrelay.config;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What clients say, and how Laravel hears of it.
 *
 * @param url where webhooks go, with {@link Credentials} if any; empty: nowhere
 * @param secrets the first signs
 * @param queue how many notices may wait; the oldest goes first
 * @param presenceGrace after how long without a session a user is offline
 * @param clientEvents names of events, or prefixes that end with {@code *}
 * @param clientRate events of one client each second
 * @param userRate events of one user's clients each second
 * @param callHoldSeconds the hold of a call's events
 */
public record WebhookConfig(
    Optional<URI> url,
    List<Secret> secrets,
    int queue,
    Duration presenceGrace,
    List<String> clientEvents,
    int clientRate,
    int userRate,
    int callHoldSeconds) {

  /** Without the password that may stand in the URL. */
  @Override
  public String toString() {
    return "WebhookConfig[url=%s, queue=%d, presenceGrace=%s, clientEvents=%s]"
        .formatted(url.map(Credentials::without), queue, presenceGrace, clientEvents);
  }
}
