package dev.laravelrelay.e2e;

import static org.junit.jupiter.api.Assertions.assertAll;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.function.Executable;

/** One phone of every kind in every transport mode, at once. */
final class Fleet implements AutoCloseable {

  private final Map<String, Phone> phones = new LinkedHashMap<>();
  private final Map<String, Phone.Transports> modes = new LinkedHashMap<>();

  Fleet(String url, Map<String, String> auth, List<String> events) {
    for (PhoneKind kind : PhoneKind.values()) {
      for (Phone.Transports transports : Phone.Transports.values()) {
        String name = kind + " over " + transports;
        phones.put(name, kind.make(url, transports, auth, events));
        modes.put(name, transports);
      }
    }
  }

  int size() {
    return phones.size();
  }

  void connect() {
    phones.values().forEach(Phone::connect);
    phones.forEach((name, phone) -> Ears.awaitSettled(phone, modes.get(name)));
  }

  /** Runs a check on each phone, and reports all that fail. */
  void each(BiConsumer<String, Phone> check) {
    Stream<Executable> checks =
        phones.entrySet().stream()
            .map(entry -> () -> check.accept(entry.getKey(), entry.getValue()));
    assertAll(checks);
  }

  @Override
  public void close() {
    phones.values().forEach(Phone::close);
  }
}
