package dev.laravelrelay.delivery;

import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.Target;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The backplane of a single node: stores and dispatches in place. */
public final class MemoryBackplane implements Backplane {

  private final Dispatcher dispatcher;
  private final HeldEvents heldEvents;

  public MemoryBackplane(Dispatcher dispatcher, HeldEvents heldEvents) {
    this.dispatcher = dispatcher;
    this.heldEvents = heldEvents;
  }

  @Override
  public CompletionStage<Published> publish(Event event) {
    if (event.terms().holdSeconds() > 0) {
      switch (event.target()) {
        case Target.User(String user) -> heldEvents.hold(user, event);
        case Target.Users(List<String> users) ->
            users.forEach(user -> heldEvents.hold(user, event));
        case Target.Channels _, Target.Socket _, Target.Everyone _ ->
            throw new IllegalArgumentException("only events to users are held: " + event.target());
      }
    }
    return CompletableFuture.completedStage(new Published.Done(dispatcher.dispatch(event)));
  }
}
