package dev.laravelrelay.event;

/**
 * One named message with JSON data, an id and a target.
 *
 * @param id unique; identifies repeats of a held event
 * @param name what the client listens to, 1 to 200 characters, none that Socket.IO reserves
 * @param acceptedAt epoch milliseconds at which the relay took it
 */
public record Event(
    String id, String name, RawJson data, Target target, Terms terms, long acceptedAt) {

  /** Epoch milliseconds until which it is held; {@code acceptedAt} if it is not. */
  public long heldUntil() {
    return acceptedAt + terms.holdSeconds() * 1000L;
  }
}
