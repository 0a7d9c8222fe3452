package dev.laravelrelay.redis;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class TurnsTest {

  private final Turns turns = new Turns();

  @Test
  void whoHasAKeyOfItsOwnDoesNotWait() {
    turns.take(List.of("a"));

    assertTrue(turns.take(List.of("b")).come().isDone());
  }

  @Test
  void theSecondWaitsForTheFirstAndTheThirdForTheSecond() {
    Turns.Turn first = turns.take(List.of("a"));
    Turns.Turn second = turns.take(List.of("a"));
    Turns.Turn third = turns.take(List.of("a"));

    first.pass();

    assertTrue(second.come().isDone());
    assertFalse(third.come().isDone());
    second.pass();
    assertTrue(third.come().isDone());
  }

  @Test
  void aKeyIsFreeOnceAllItsTurnsHavePassed() {
    assertTrue(turns.isFree("a"));
    Turns.Turn first = turns.take(List.of("a"));
    Turns.Turn second = turns.take(List.of("a"));
    first.pass();
    assertFalse(turns.isFree("a"));
    second.pass();
    assertTrue(turns.isFree("a"));
  }

  @Test
  void whoHasSeveralKeysWaitsForAllAndIsWaitedForByEach() {
    Turns.Turn a = turns.take(List.of("a"));
    Turns.Turn b = turns.take(List.of("b"));
    Turns.Turn both = turns.take(List.of("a", "b"));
    Turns.Turn after = turns.take(List.of("b"));

    a.pass();
    assertFalse(both.come().isDone());
    b.pass();
    assertTrue(both.come().isDone());
    assertFalse(after.come().isDone());
    both.pass();
    assertTrue(after.come().isDone());
  }

  @Test
  void whatHasPassedHoldsNobodyUpAndMayPassAgain() {
    Turns.Turn first = turns.take(List.of("a"));
    first.pass();
    Turns.Turn second = turns.take(List.of("a"));
    first.pass();

    assertTrue(second.come().isDone());
    assertFalse(turns.take(List.of("a")).come().isDone());
  }
}
