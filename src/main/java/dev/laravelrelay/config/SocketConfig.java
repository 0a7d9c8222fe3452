package dev.laravelrelay.config;

import java.time.Duration;
import java.util.List;

/**
 * The public door.
 *
 * @param port 0 for a free one
 * @param pingInterval how often a silent client is asked; below 60 s, the Android client's read
 *     time-out for polls
 * @param connectTimeout by when a client must have joined a namespace
 * @param upgradeTimeout by when a probed WebSocket must have taken over from polling
 * @param maxMessageBytes the largest message that a client may send ({@code maxPayload})
 * @param outboxBytes what may wait unwritten for one client
 * @param maxSessions more are refused with 503
 * @param allowedOrigins for browsers; {@code *} allows any
 * @param trustedProxies addresses and CIDR blocks whose X-Forwarded-For is believed
 */
public record SocketConfig(
    String bind,
    int port,
    Duration pingInterval,
    Duration pingTimeout,
    Duration connectTimeout,
    Duration upgradeTimeout,
    int maxMessageBytes,
    int outboxBytes,
    int maxSessions,
    List<String> allowedOrigins,
    List<String> trustedProxies) {}
