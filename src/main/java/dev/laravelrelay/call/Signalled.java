package dev.laravelrelay.call;

/** What became of a signal. */
public sealed interface Signalled {

  /** The call is now so; nobody else's signal did it. */
  record Moved(Call call) implements Signalled {}

  /** The call is as it was. */
  record Refused(String code, String message) implements Signalled {}

  /** There is no such call. */
  record Unknown() implements Signalled {}

  /** The directory cannot be reached. */
  record Unavailable(int retryAfterSeconds) implements Signalled {}
}
