package dev.laravelrelay.protocol;

/** Leaves a nested read. Its message quotes nothing of the payload: that may hold a token. */
final class MalformedPayload extends RuntimeException {

  private final String reason;

  MalformedPayload(String reason) {
    super(reason, null, false, false);
    this.reason = reason;
  }

  String reason() {
    return reason;
  }
}
