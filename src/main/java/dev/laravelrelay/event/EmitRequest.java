package dev.laravelrelay.event;

import org.jspecify.annotations.Nullable;

/**
 * An event as an emitter asked for it.
 *
 * @param idempotent whether the event's id was given by the emitter: the same id within five
 *     minutes is emitted once
 * @param fingerprint of what was asked for; the same id with another fingerprint is a conflict
 * @param call to be known before the event is emitted; null if the emit announces none
 */
public record EmitRequest(
    Event event, boolean idempotent, long fingerprint, @Nullable CallTerms call) {

  /** An emit that announces no call. */
  public EmitRequest(Event event, boolean idempotent, long fingerprint) {
    this(event, idempotent, fingerprint, null);
  }
}
