package dev.laravelrelay.delivery;

import static dev.laravelrelay.testing.Deliveries.user;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.event.EmitRequest;
import dev.laravelrelay.event.Terms;
import dev.laravelrelay.testing.Deliveries;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class MemoryEmittedIdsTest {

  private static final Emission.Accepted SENT =
      new Emission.Accepted("a", Verdict.SENT, 1, 0, List.of(), 0, false);

  private final Deliveries node = new Deliveries();
  private final MemoryEmittedIds ids = new MemoryEmittedIds(new Deliveries().metrics, node.clock);
  private final AtomicInteger emits = new AtomicInteger();

  private EmitRequest request(long fingerprint) {
    return new EmitRequest(node.event("a", user("42"), Terms.NONE), true, fingerprint);
  }

  private CompletableFuture<Emission> once(EmitRequest request, Emission outcome) {
    return once(request, CompletableFuture.completedFuture(outcome));
  }

  private CompletableFuture<Emission> once(
      EmitRequest request, CompletableFuture<Emission> outcome) {
    return ids.once(
        request,
        () -> {
          emits.incrementAndGet();
          return outcome;
        });
  }

  @Test
  void aRepeatIsAnsweredAndNotEmitted() throws Exception {
    assertEquals(SENT, once(request(1), SENT).get());
    assertEquals(SENT.asDuplicate(), once(request(1), SENT).get());
    assertEquals(1, emits.get());
  }

  @Test
  void anEmitThatThrowsMayBeSentAgain() throws Exception {
    CompletableFuture<Emission> failed =
        ids.once(
            request(1),
            () -> {
              throw new IllegalStateException("no backplane");
            });

    assertThrows(ExecutionException.class, failed::get);
    assertEquals(SENT, once(request(1), SENT).get());
  }

  @Test
  void aRepeatWhileTheFirstIsUnderWayWaitsForIt() throws Exception {
    CompletableFuture<Emission> first = new CompletableFuture<>();
    once(request(1), first);
    CompletableFuture<Emission> second = once(request(1), SENT);
    assertFalse(second.isDone());
    first.complete(SENT);
    assertEquals(SENT.asDuplicate(), second.get());
    assertEquals(1, emits.get());
  }

  @Test
  void theSameIdForSomethingElseIsAConflict() throws Exception {
    once(request(1), SENT);
    assertEquals(new Emission.Conflict("a"), once(request(2), SENT).get());
    assertEquals(1, emits.get());
  }

  @Test
  void anIdIsForgottenAfterFiveMinutes() throws Exception {
    once(request(1), SENT);
    node.clock.advance(EmittedIds.REMEMBERED_FOR.minus(Duration.ofSeconds(1)));
    assertTrue(((Emission.Accepted) once(request(1), SENT).get()).duplicate());
    node.clock.advance(Duration.ofSeconds(2));
    assertEquals(SENT, once(request(2), SENT).get());
    assertEquals(2, emits.get());
  }

  @Test
  void whatTheBackplaneCouldNotTakeMayBeSentAgain() throws Exception {
    Emission.Unavailable away = new Emission.Unavailable("a", 1);
    assertEquals(away, once(request(1), away).get());
    assertEquals(SENT, once(request(1), SENT).get());
  }

  @Test
  void aFailureReachesEveryoneAndIsForgotten() throws Exception {
    CompletableFuture<Emission> first = new CompletableFuture<>();
    CompletableFuture<Emission> mine = once(request(1), first);
    CompletableFuture<Emission> repeat = once(request(1), SENT);
    first.completeExceptionally(new IllegalStateException("broken"));
    assertThrows(ExecutionException.class, mine::get);
    assertThrows(ExecutionException.class, repeat::get);
    assertEquals(SENT, once(request(1), SENT).get());
  }

  @Test
  void ofManyAtOnceOneIsEmitted() throws Exception {
    List<Future<CompletableFuture<Emission>>> all = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      for (int i = 0; i < 200; i++) {
        all.add(threads.submit(() -> once(request(1), SENT)));
      }
    }
    int firsts = 0;
    for (Future<CompletableFuture<Emission>> one : all) {
      firsts += ((Emission.Accepted) one.get().get()).duplicate() ? 0 : 1;
    }
    assertEquals(1, firsts);
    assertEquals(1, emits.get());
  }
}
