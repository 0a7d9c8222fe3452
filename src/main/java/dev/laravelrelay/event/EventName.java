package dev.laravelrelay.event;

import java.util.Set;

/** What an event may not be called. Source: {@code RESERVED_EVENTS} of socket.io-parser 4. */
public final class EventName {

  /** The longest name, in UTF-16 characters. */
  public static final int MAX_LENGTH = 200;

  private static final Set<String> RESERVED =
      Set.of(
          "connect",
          "connect_error",
          "disconnect",
          "disconnecting",
          "newListener",
          "removeListener");

  private EventName() {}

  /** Whether Socket.IO keeps the name for itself: its clients refuse or misread such an event. */
  public static boolean isReserved(String name) {
    return RESERVED.contains(name);
  }
}
