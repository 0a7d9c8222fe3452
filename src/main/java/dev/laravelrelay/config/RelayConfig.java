package dev.laravelrelay.config;

import java.time.Duration;

/**
 * Every setting of a relay, checked.
 *
 * @param dev loopback only, and what is insecure is allowed
 * @param drain over how long clients are dropped on SIGTERM
 */
public record RelayConfig(
    boolean dev,
    SocketConfig socket,
    ApiConfig api,
    AuthConfig auth,
    LaravelConfig laravel,
    WebhookConfig webhooks,
    RedisConfig redis,
    DeliveryConfig delivery,
    Duration drain,
    LogConfig log) {}
