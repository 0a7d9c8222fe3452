package dev.laravelrelay.event;

/**
 * An event as an emitter asked for it.
 *
 * @param idempotent whether the event's id was given by the emitter: the same id within five
 *     minutes is emitted once
 * @param fingerprint of what was asked for; the same id with another fingerprint is a conflict
 */
public record EmitRequest(Event event, boolean idempotent, long fingerprint) {}
