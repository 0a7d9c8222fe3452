package dev.laravelrelay.delivery;

import dev.laravelrelay.event.Event;
import java.util.List;

public final class Dispatcher {
  public List<Backplane.Reach> dispatch(Event event) {
    return List.of();
  }
}
