package dev.laravelrelay.event;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventNameTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "connect",
        "connect_error",
        "disconnect",
        "disconnecting",
        "newListener",
        "removeListener"
      })
  void socketIoKeepsTheseNames(String name) {
    assertTrue(EventName.isReserved(name));
  }

  @ParameterizedTest
  @ValueSource(strings = {"call:rejected", "Connect", "error", "reconnect", ""})
  void otherNamesAreFree(String name) {
    assertFalse(EventName.isReserved(name));
  }
}
