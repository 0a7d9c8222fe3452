package dev.laravelrelay.config;

import java.util.List;
import java.util.Optional;

/**
 * The way to Redis; without a URL the relay runs as a single node, in memory.
 *
 * @param url {@code redis://} or {@code rediss://}, with user and password if there are any: hence
 *     a secret
 * @param prefix before every key and channel of the relay's own
 * @param laravelPrefixes before the channels of Laravel's redis broadcaster, and before the names
 *     of its streams
 * @param streamInFlight how many emits of one stream this node has under way; 0: it reads none
 */
public record RedisConfig(
    Optional<Secret> url, String prefix, List<String> laravelPrefixes, int streamInFlight) {}
