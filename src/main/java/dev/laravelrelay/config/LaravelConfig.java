package dev.laravelrelay.config;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/**
 * The way to Laravel.
 *
 * @param url Laravel's base URL
 * @param channelAuthPath where private channels are authorised
 * @param timeout for one request
 */
public record LaravelConfig(Optional<URI> url, String channelAuthPath, Duration timeout) {}
