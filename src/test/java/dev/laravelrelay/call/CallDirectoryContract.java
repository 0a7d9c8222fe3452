package dev.laravelrelay.call;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.call.Call.State;
import dev.laravelrelay.call.CallDirectory.Registration;
import dev.laravelrelay.event.CallTerms;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What every directory of calls must do. */
@Timeout(60)
public abstract class CallDirectoryContract {

  protected static final String ANNA = "1";
  protected static final String BEN = "2";

  /** Directories of the same calls, on as many nodes. */
  protected abstract List<CallDirectory> nodes();

  private CallDirectory directory() {
    return nodes().getFirst();
  }

  protected static CallTerms call(String id) {
    return new CallTerms(id, ANNA, BEN, 60);
  }

  protected static <T> T get(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  private State registered(String id) {
    return assertInstanceOf(Registration.Registered.class, get(directory().register(call(id))))
        .call()
        .state();
  }

  @Test
  void aCallIsKnownUntilItIsEnded() {
    assertEquals(Optional.empty(), get(directory().get("c-1")));
    assertEquals(State.RINGING, registered("c-1"));
    Call known = get(directory().get("c-1")).orElseThrow();
    assertEquals(ANNA, known.caller());
    assertEquals(BEN, known.receiver());

    assertEquals(Optional.of(known), get(directory().end("c-1")));
    assertEquals(Optional.empty(), get(directory().get("c-1")));
    assertEquals(Optional.empty(), get(directory().end("c-1")));
  }

  @Test
  void aRepeatedAnnouncementKeepsTheState() {
    assertTrue(((Registration.Registered) get(directory().register(call("c-2")))).created());
    get(directory().signal("c-2", CallSignal.REJECT, BEN));

    Registration.Registered again =
        (Registration.Registered) get(directory().register(call("c-2")));

    assertEquals(State.REJECTED, again.call().state());
    assertEquals(false, again.created());
  }

  @Test
  void theIdOfOtherPartiesIsTaken() {
    registered("c-3");
    assertInstanceOf(
        Registration.Taken.class, get(directory().register(new CallTerms("c-3", BEN, ANNA, 60))));
    assertEquals(ANNA, get(directory().get("c-3")).orElseThrow().caller());
  }

  @ParameterizedTest
  @CsvSource({
    "REJECT, 2, REJECTED",
    "ACCEPT, 2, ACCEPTED",
    "CANCEL, 1, CANCELLED",
    "END, 1, ENDED",
    "END, 2, ENDED"
  })
  void aPartyMovesTheCall(CallSignal signal, String user, State state) {
    registered("c-4");
    Signalled.Moved moved =
        assertInstanceOf(Signalled.Moved.class, get(directory().signal("c-4", signal, user)));
    assertEquals(state, moved.call().state());
    assertEquals(state, get(directory().get("c-4")).orElseThrow().state());
  }

  @ParameterizedTest
  @CsvSource({
    "REJECT, 1, not_allowed",
    "ACCEPT, 1, not_allowed",
    "CANCEL, 2, not_allowed",
    "REJECT, 3, not_party",
    "END, 3, not_party"
  })
  void whoMayNotIsRefused(CallSignal signal, String user, String code) {
    registered("c-5");
    assertEquals(code, refused("c-5", signal, user));
    assertEquals(State.RINGING, get(directory().get("c-5")).orElseThrow().state());
  }

  @Test
  void anAcceptedCallCanOnlyBeEndedAndOnlyOnce() {
    registered("c-6");
    get(directory().signal("c-6", CallSignal.ACCEPT, BEN));
    assertEquals("already_accepted", refused("c-6", CallSignal.REJECT, BEN));
    assertEquals("already_accepted", refused("c-6", CallSignal.CANCEL, ANNA));
    assertInstanceOf(Signalled.Moved.class, get(directory().signal("c-6", CallSignal.END, ANNA)));
    assertEquals("already_ended", refused("c-6", CallSignal.END, BEN));
    assertEquals("already_ended", refused("c-6", CallSignal.ACCEPT, BEN));
  }

  @Test
  void aCallThatNobodyAnnouncedIsUnknown() {
    assertInstanceOf(Signalled.Unknown.class, get(directory().signal("c-7", CallSignal.END, ANNA)));
  }

  @Test
  void theFirstOfRacingSignalsWinsForEveryone() throws Exception {
    List<CallDirectory> nodes = nodes();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int round = 0; round < 100; round++) {
        String id = "race-" + round;
        get(nodes.getFirst().register(call(id)));
        CountDownLatch go = new CountDownLatch(1);
        List<Future<Signalled>> racing = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          CallDirectory node = nodes.get(i % nodes.size());
          CallSignal signal = i % 2 == 0 ? CallSignal.REJECT : CallSignal.CANCEL;
          racing.add(
              threads.submit(
                  () -> {
                    go.await();
                    return get(node.signal(id, signal, signal == CallSignal.REJECT ? BEN : ANNA));
                  }));
        }
        go.countDown();
        List<Signalled> outcomes = new ArrayList<>();
        for (Future<Signalled> one : racing) {
          outcomes.add(one.get(10, TimeUnit.SECONDS));
        }
        List<Call> moved =
            outcomes.stream()
                .filter(Signalled.Moved.class::isInstance)
                .map(one -> ((Signalled.Moved) one).call())
                .toList();
        assertEquals(1, moved.size(), outcomes::toString);
        State state = moved.getFirst().state();
        outcomes.stream()
            .filter(Signalled.Refused.class::isInstance)
            .forEach(
                one ->
                    assertEquals("already_" + state.lowerCase(), ((Signalled.Refused) one).code()));
        for (CallDirectory node : nodes) {
          assertEquals(state, get(node.get(id)).orElseThrow().state());
        }
      }
    }
  }

  private String refused(String id, CallSignal signal, String user) {
    return assertInstanceOf(Signalled.Refused.class, get(directory().signal(id, signal, user)))
        .code();
  }
}
