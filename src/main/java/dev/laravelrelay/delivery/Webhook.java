package dev.laravelrelay.delivery;

import dev.laravelrelay.event.RawJson;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The way of facts to Laravel: at least once, in order within a lane. Safe from any thread; never
 * blocks, however slow Laravel is.
 */
public interface Webhook {

  /** Nobody listens: facts go nowhere. */
  Webhook NOBODY =
      new Webhook() {
        @Override
        public void tell(Notice notice) {}

        @Override
        public CompletionStage<Answer> ask(Notice notice) {
          return CompletableFuture.completedStage(new Answer.Nobody());
        }
      };

  /** Hands it over, to be sent soon. */
  void tell(Notice notice);

  /** Sends it at once, and waits a little for what Laravel says to it. */
  CompletionStage<Answer> ask(Notice notice);

  /** What Laravel said. */
  sealed interface Answer {

    /**
     * It has heard.
     *
     * @param ack what it wants the client to be answered; null if it does not care
     */
    record Replied(@Nullable RawJson ack) implements Answer {}

    /** It has not answered in time; it will hear. */
    record Queued() implements Answer {}

    /** There is no webhook. */
    record Nobody() implements Answer {}
  }
}
