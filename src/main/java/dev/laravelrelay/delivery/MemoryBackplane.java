package dev.laravelrelay.delivery;

import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.Target;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The backplane of a single node: stores and dispatches in place. */
public final class MemoryBackplane implements Backplane {

  private final Dispatcher dispatcher;
  private final MemoryHeldEvents heldEvents;

  public MemoryBackplane(Dispatcher dispatcher, MemoryHeldEvents heldEvents) {
    this.dispatcher = dispatcher;
    this.heldEvents = heldEvents;
  }

  @Override
  public CompletionStage<Published> publish(Event event) {
    Set<String> kept = event.terms().holdSeconds() > 0 ? hold(event) : Set.of();
    List<Reach> reached = dispatcher.dispatch(event);
    return CompletableFuture.completedStage(
        new Published.Done(
            kept.isEmpty()
                ? reached
                : reached.stream()
                    .map(one -> new Reach(one.user(), one.sessions(), kept.contains(one.user())))
                    .toList()));
  }

  /** For whom it is kept. */
  private Set<String> hold(Event event) {
    List<String> users =
        switch (event.target()) {
          case Target.User(String user) -> List.of(user);
          case Target.Users(List<String> several) -> several;
          case Target.Channels _, Target.Socket _, Target.Everyone _ ->
              throw new IllegalArgumentException(
                  "only events to users are held: " + event.target());
        };
    Set<String> kept = new HashSet<>();
    for (String user : users) {
      // In memory it is known at once.
      if (heldEvents.hold(user, event).toCompletableFuture().join()) {
        kept.add(user);
      }
    }
    return kept;
  }
}
