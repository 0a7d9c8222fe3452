package dev.laravelrelay.delivery;

import dev.laravelrelay.delivery.Backplane.Published;
import dev.laravelrelay.delivery.Backplane.Reach;
import dev.laravelrelay.event.EmitRequest;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.Target;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Takes an event from an ingress, hands it to the backplane, and makes the verdict. The same
 * idempotency key within five minutes is emitted once. Safe from any thread; never blocks: an emit
 * that awaits a receipt holds no thread.
 */
public final class Emitter {

  /** How many emits may await a receipt at a time. */
  public static final int MAX_AWAITING = 20_000;

  private static final CompletionStage<Optional<Emission>> TAKEN =
      CompletableFuture.completedFuture(Optional.empty());

  private final Backplane backplane;
  private final Receipts receipts;
  private final EmittedIds emittedIds;

  public Emitter(Backplane backplane, Receipts receipts, EmittedIds emittedIds) {
    this.backplane = backplane;
    this.receipts = receipts;
    this.emittedIds = emittedIds;
  }

  /** Emits the event; completes with what became of it, never exceptionally for a known reason. */
  public CompletableFuture<Emission> emit(EmitRequest request) {
    return emit(request, () -> {});
  }

  /**
   * As {@link #emit(EmitRequest)}.
   *
   * @param handedOver run once the backplane has the event, before any receipt is awaited: what is
   *     emitted after it arrives after it; not run if the event is not taken, or known already
   */
  public CompletableFuture<Emission> emit(EmitRequest request, Runnable handedOver) {
    return emit(request, () -> TAKEN, handedOver);
  }

  /**
   * As {@link #emit(EmitRequest, Runnable)}.
   *
   * @param before begun before the event is published; not if its id is known already. Completes
   *     with why the event is not to be published, and its id is free again; empty if it is
   */
  public CompletableFuture<Emission> emit(
      EmitRequest request,
      Supplier<CompletionStage<Optional<Emission>>> before,
      Runnable handedOver) {
    return request.idempotent()
        ? emittedIds.once(request, () -> begin(request.event(), before, handedOver))
        : begin(request.event(), before, handedOver);
  }

  private CompletableFuture<Emission> begin(
      Event event, Supplier<CompletionStage<Optional<Emission>>> before, Runnable handedOver) {
    boolean awaits = event.terms().confirmMillis() > 0;
    if (awaits && receipts.awaiting() >= MAX_AWAITING) {
      return CompletableFuture.completedFuture(new Emission.Busy(event.id(), 1));
    }
    return before
        .get()
        .thenCompose(
            refusal ->
                refusal
                    .map(CompletableFuture::completedFuture)
                    .orElseGet(() -> publish(event, awaits, handedOver)))
        .toCompletableFuture();
  }

  private CompletableFuture<Emission> publish(Event event, boolean awaits, Runnable handedOver) {
    Receipts.Awaited awaited = awaits ? receipts.await(event) : null;
    CompletableFuture<Emission> emission =
        backplane
            .publish(event)
            .thenCompose(
                published -> {
                  if (published instanceof Published.Done) {
                    handedOver.run();
                  }
                  return verdict(event, published, awaited);
                })
            .toCompletableFuture();
    return awaited == null ? emission : emission.whenComplete((done, failure) -> awaited.stop());
  }

  private static CompletionStage<Emission> verdict(
      Event event, Published published, Receipts.@Nullable Awaited awaited) {
    return switch (published) {
      case Published.Unavailable(int retryAfterSeconds) ->
          CompletableFuture.completedStage(new Emission.Unavailable(event.id(), retryAfterSeconds));
      case Published.Done(List<Reach> reached) -> {
        Set<String> here =
            awaited == null
                ? Set.of()
                : reached.stream()
                    .filter(reach -> reach.sessions() > 0)
                    .map(Reach::user)
                    .collect(Collectors.toSet());
        yield awaited == null || here.isEmpty()
            ? CompletableFuture.completedStage(accepted(event, reached, Map.of(), false))
            : awaited
                .from(here, Duration.ofMillis(event.terms().confirmMillis()))
                .thenApply(received -> accepted(event, reached, received, true));
      }
    };
  }

  private static Emission accepted(
      Event event, List<Reach> reached, Map<String, Integer> received, boolean awaited) {
    if (reached.size() == 1 && event.target() instanceof Target.User(String user)) {
      Recipient only =
          recipient(event, reached.getFirst(), received.getOrDefault(user, 0), awaited);
      return new Emission.Accepted(
          event.id(),
          only.verdict(),
          only.sessions(),
          only.confirmed(),
          List.of(),
          only.heldUntil(),
          false);
    }
    List<Recipient> recipients =
        reached.stream()
            .map(reach -> recipient(event, reach, confirmed(reach, received), awaited))
            .toList();
    return new Emission.Accepted(
        event.id(),
        recipients.stream().map(Recipient::verdict).min(Verdict::compareTo).orElse(Verdict.OFFLINE),
        recipients.stream().mapToInt(Recipient::sessions).sum(),
        recipients.stream().mapToInt(Recipient::confirmed).sum(),
        namesSeveral(event.target(), recipients) ? recipients : List.of(),
        recipients.stream().mapToLong(Recipient::heldUntil).max().orElse(0),
        false);
  }

  /** Nodes that had few sessions told their users apart, also where the whole has no user. */
  private static int confirmed(Reach reach, Map<String, Integer> received) {
    return reach.user().isEmpty()
        ? received.values().stream().mapToInt(Integer::intValue).sum()
        : received.getOrDefault(reach.user(), 0);
  }

  private static boolean namesSeveral(Target target, List<Recipient> recipients) {
    return switch (target) {
      case Target.Users _ -> true;
      case Target.Channels _ -> recipients.stream().noneMatch(one -> one.user().isEmpty());
      case Target.User _, Target.Socket _, Target.Everyone _ -> false;
    };
  }

  private static Recipient recipient(Event event, Reach reach, int confirmed, boolean awaited) {
    Verdict verdict;
    if (confirmed > 0) {
      verdict = Verdict.CONFIRMED;
    } else if (reach.held() && (awaited || reach.sessions() == 0)) {
      verdict = Verdict.HELD;
    } else {
      verdict = reach.sessions() > 0 ? Verdict.SENT : Verdict.OFFLINE;
    }
    boolean kept = reach.held() && verdict != Verdict.CONFIRMED;
    return new Recipient(
        reach.user(), verdict, reach.sessions(), confirmed, kept ? event.heldUntil() : 0);
  }
}
