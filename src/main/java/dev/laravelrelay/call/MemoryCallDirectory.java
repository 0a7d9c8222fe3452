package dev.laravelrelay.call;

import dev.laravelrelay.event.CallTerms;
import dev.laravelrelay.metrics.RelayMetrics;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** The calls of a single node, gone when the process ends. */
public final class MemoryCallDirectory implements CallDirectory {

  private final ConcurrentMap<String, Call> calls = new ConcurrentHashMap<>();
  private final InstantSource clock;
  private final int limit;

  public MemoryCallDirectory(RelayMetrics metrics, InstantSource clock) {
    this(metrics, clock, LIMIT);
  }

  MemoryCallDirectory(RelayMetrics metrics, InstantSource clock, int limit) {
    this.clock = clock;
    this.limit = limit;
    metrics.gauge("relay_calls", "Calls that are known", calls::size);
  }

  @Override
  public CompletionStage<Registration> register(CallTerms terms) {
    long now = clock.millis();
    if (isFull() && !calls.containsKey(terms.id())) {
      return CompletableFuture.completedStage(new Registration.Unavailable(1));
    }
    AtomicReference<Registration> answer = new AtomicReference<>();
    calls.compute(
        terms.id(),
        (id, known) -> {
          Call fresh = Call.ringing(terms, now);
          if (known == null || isOver(known, now)) {
            answer.set(new Registration.Registered(fresh, true));
            return fresh;
          }
          if (!known.isOf(terms)) {
            answer.set(new Registration.Taken());
            return known;
          }
          Call kept = known.state() == Call.State.RINGING ? fresh : known;
          answer.set(new Registration.Registered(kept, false));
          return kept;
        });
    return CompletableFuture.completedStage(answer.get());
  }

  @Override
  public CompletionStage<Optional<Call>> get(String id) {
    return CompletableFuture.completedStage(known(calls.get(id)));
  }

  @Override
  public CompletionStage<Optional<Call>> end(String id) {
    return CompletableFuture.completedStage(known(calls.remove(id)));
  }

  @Override
  public CompletionStage<Signalled> signal(String id, CallSignal signal, String user) {
    long now = clock.millis();
    AtomicReference<Signalled> answer = new AtomicReference<>(new Signalled.Unknown());
    calls.computeIfPresent(
        id,
        (same, call) -> {
          if (isOver(call, now)) {
            return null;
          }
          Signalled signalled = call.after(signal, user, now);
          answer.set(signalled);
          return signalled instanceof Signalled.Moved(Call moved) ? moved : call;
        });
    return CompletableFuture.completedStage(answer.get());
  }

  /** Forgets the calls whose time is over, to be called now and then. */
  public void expire() {
    long now = clock.millis();
    calls.values().removeIf(call -> isOver(call, now));
  }

  private boolean isFull() {
    if (calls.size() >= limit) {
      expire();
    }
    return calls.size() >= limit;
  }

  private Optional<Call> known(@Nullable Call call) {
    return Optional.ofNullable(call).filter(it -> !isOver(it, clock.millis()));
  }

  private static boolean isOver(Call call, long now) {
    return call.expiresAt() <= now;
  }
}
