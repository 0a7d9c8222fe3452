package dev.laravelrelay.delivery;

import static dev.laravelrelay.testing.Deliveries.request;
import static dev.laravelrelay.testing.Deliveries.terms;
import static dev.laravelrelay.testing.Deliveries.user;
import static dev.laravelrelay.testing.Deliveries.users;
import static dev.laravelrelay.testing.Deliveries.written;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.event.Terms;
import dev.laravelrelay.testing.Deliveries;
import dev.laravelrelay.testing.FakeConnection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class EmitterTest {

  private static final int LONG = 10_000;
  private final Deliveries node = new Deliveries();
  private final FakeConnection phone = new FakeConnection();
  private final FakeConnection tablet = new FakeConnection();

  private CompletableFuture<Emission> emit(String id, Target target, Terms terms) {
    return node.emitter.emit(request(node.event(id, target, terms)));
  }

  private static Emission.Accepted accepted(CompletableFuture<Emission> emission)
      throws ExecutionException, InterruptedException {
    return (Emission.Accepted) emission.get();
  }

  private List<String> heldIds(String user) throws ExecutionException, InterruptedException {
    return node.held.of(user).toCompletableFuture().get().stream().map(Event::id).toList();
  }

  @Test
  void sentGoesToEverySessionOfTheUser() throws Exception {
    node.connect(phone, "1.1", "42");
    node.connect(tablet, "2.2", "42");
    FakeConnection stranger = new FakeConnection();
    node.connect(stranger, "3.3", "7");
    assertEquals(
        new Emission.Accepted("a", Verdict.SENT, 2, 0, List.of(), 0, false),
        accepted(emit("a", user("42"), Terms.NONE)));
    assertEquals(List.of(written("a")), phone.written);
    assertEquals(List.of(written("a")), tablet.written);
    assertEquals(List.of(), stranger.written);
  }

  @Test
  void offlineIsNobodyThereAndNothingKept() throws Exception {
    Emission.Accepted emission = accepted(emit("a", user("42"), terms(0, LONG)));
    assertEquals(Verdict.OFFLINE, emission.verdict());
    assertFalse(emission.verdict().delivered());
    assertEquals(0, emission.sessions());
    assertEquals(List.of(), heldIds("42"));
  }

  @Test
  void confirmedWaitsForTheReceipt() throws Exception {
    node.connect(phone, "1.1", "42");
    CompletableFuture<Emission> emission = emit("a", user("42"), terms(0, LONG));
    assertFalse(emission.isDone());
    assertEquals(List.of(written("a"), "ping"), phone.written);
    phone.answer();
    assertEquals(
        new Emission.Accepted("a", Verdict.CONFIRMED, 1, 1, List.of(), 0, false),
        accepted(emission));
  }

  @Test
  void withoutAReceiptInTimeItIsSent() throws Exception {
    node.connect(phone, "1.1", "42");
    Emission.Accepted emission = accepted(emit("a", user("42"), terms(0, 20)));
    assertEquals(Verdict.SENT, emission.verdict());
    assertEquals(0, emission.confirmed());
    phone.answer();
    assertEquals(0, node.meters.get("relay_emits_awaiting").gauge().value());
  }

  @Test
  void heldIsKeptForWhoIsAwayUntilHisReceipt() throws Exception {
    Emission.Accepted emission = accepted(emit("a", user("42"), terms(30, LONG)));
    assertEquals(Verdict.HELD, emission.verdict());
    assertEquals(node.clock.millis() + 30_000, emission.heldUntil());
    node.connect(phone, "1.1", "42");
    assertEquals(List.of(written("a"), "ping"), phone.written);
    assertEquals(List.of("a"), heldIds("42"));
    phone.answer();
    assertEquals(List.of(), heldIds("42"));
  }

  @Test
  void aHalfOpenPhoneHasItHeldAndTheNextConnectionGetsIt() throws Exception {
    node.connect(phone, "1.1", "42");
    Emission.Accepted emission = accepted(emit("a", user("42"), terms(30, 20)));
    assertEquals(Verdict.HELD, emission.verdict());
    assertEquals(1, emission.sessions());
    node.connect(tablet, "2.2", "42");
    assertEquals(List.of(written("a"), "ping"), tablet.written);
    tablet.answer();
    assertEquals(List.of(), heldIds("42"));
  }

  @Test
  void aHoldWithoutConfirmIsSentAndKeptUntilItsReceipt() throws Exception {
    node.connect(phone, "1.1", "42");
    Emission.Accepted emission = accepted(emit("a", user("42"), terms(30, 0)));
    assertEquals(Verdict.SENT, emission.verdict());
    assertTrue(emission.heldUntil() > 0);
    assertEquals(List.of("a"), heldIds("42"));
    phone.answer();
    assertEquals(List.of(), heldIds("42"));
  }

  @Test
  void aConfirmedEventIsHeldNoLonger() throws Exception {
    node.connect(phone, "1.1", "42");
    CompletableFuture<Emission> emission = emit("a", user("42"), terms(30, LONG));
    phone.answer();
    assertEquals(
        new Emission.Accepted("a", Verdict.CONFIRMED, 1, 1, List.of(), 0, false),
        accepted(emission));
    assertEquals(List.of(), heldIds("42"));
  }

  @Test
  void eachOfSeveralUsersHasAVerdictAndTheBestIsTheirs() throws Exception {
    node.connect(phone, "1.1", "1");
    node.connect(tablet, "2.2", "2");
    CompletableFuture<Emission> pending = emit("a", users("1", "2", "3"), terms(30, 2_000));
    phone.answer();
    assertFalse(pending.isDone());
    Emission.Accepted emission = accepted(pending);
    assertEquals(Verdict.CONFIRMED, emission.verdict());
    assertEquals(2, emission.sessions());
    long until = node.clock.millis() + 30_000;
    assertEquals(
        List.of(
            new Recipient("1", Verdict.CONFIRMED, 1, 1, 0),
            new Recipient("2", Verdict.HELD, 1, 0, until),
            new Recipient("3", Verdict.HELD, 0, 0, until)),
        emission.recipients());
  }

  @Test
  void withSeveralSessionsOneReceiptConfirms() throws Exception {
    node.connect(phone, "1.1", "42");
    node.connect(tablet, "2.2", "42");
    CompletableFuture<Emission> emission = emit("a", user("42"), terms(0, LONG));
    tablet.answer();
    assertEquals(Verdict.CONFIRMED, accepted(emission).verdict());
    assertEquals(1, accepted(emission).confirmed());
    assertEquals(2, accepted(emission).sessions());
  }

  @Test
  void whatIsHeldComesBeforeWhatIsNew() throws Exception {
    emit("a", user("42"), terms(30, 0));
    emit("b", user("42"), terms(30, 0));
    node.connect(phone, "1.1", "42");
    emit("c", user("42"), Terms.NONE);
    assertEquals(
        List.of(written("a"), written("b"), written("c")),
        phone.written.stream().filter(text -> !text.equals("ping")).toList());
  }

  @Test
  void theBackplanesNoIsPassedOnAndNothingAwaitsIt() throws Exception {
    Emitter emitter =
        new Emitter(
            event -> CompletableFuture.completedStage(new Backplane.Published.Unavailable(7)),
            node.receipts,
            new MemoryEmittedIds(new Deliveries().metrics, node.clock));
    assertEquals(
        new Emission.Unavailable("a", 7),
        emitter.emit(request(node.event("a", user("42"), terms(0, LONG)))).get());
    assertEquals(0, node.meters.get("relay_emits_awaiting").gauge().value());
  }
}
