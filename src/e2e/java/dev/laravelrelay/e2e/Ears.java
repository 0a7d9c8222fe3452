package dev.laravelrelay.e2e;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;

/** Waiting for what a phone hears. */
final class Ears {

  private static final Duration LIMIT = Duration.ofSeconds(20);

  private Ears() {}

  static List<Heard> all(Phone phone, String event) {
    return phone.heard().stream().filter(heard -> heard.event().equals(event)).toList();
  }

  /** The {@code count}th of these events, waited for. */
  static Heard nth(Phone phone, String event, int count) {
    await(event + " number " + count)
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(2))
        .until(() -> all(phone, event).size() >= count);
    return all(phone, event).get(count - 1);
  }

  static Heard first(Phone phone, String event) {
    return nth(phone, event, 1);
  }

  /** Connects, and waits until the client is on the transport that it will stay on. */
  static void connect(Phone phone, Phone.Transports transports) {
    phone.connect();
    awaitSettled(phone, transports);
  }

  static void awaitSettled(Phone phone, Phone.Transports transports) {
    await("a connection over " + transports)
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(5))
        .until(() -> phone.connected() && phone.transport().equals(transports.settled()));
  }
}
