package dev.laravelrelay.config;

import java.util.List;

/**
 * The private door.
 *
 * @param port 0 for a free one
 * @param keys all are valid: two at once while one is rotated
 * @param maxEmitBytes the largest body of one emit
 * @param maxBatchBytes the largest body of a batch
 */
public record ApiConfig(
    String bind, int port, List<Secret> keys, int maxEmitBytes, int maxBatchBytes) {}
