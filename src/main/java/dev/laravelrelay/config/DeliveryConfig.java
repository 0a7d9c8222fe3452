package dev.laravelrelay.config;

/**
 * Limits and defaults of delivery.
 *
 * @param holdDefaultSeconds the hold of an emit that names none
 * @param heldEventsPerUser the oldest goes first
 * @param heldBytesPerUser the oldest goes first
 * @param heldBytesInAll the oldest goes first
 */
public record DeliveryConfig(
    int holdDefaultSeconds, int heldEventsPerUser, int heldBytesPerUser, long heldBytesInAll) {}
