package dev.laravelrelay.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class StreamInFlightTest {

  private final StreamInFlight inFlight = new StreamInFlight(2);

  @Test
  void anEntryIsThereOnce() {
    assertTrue(inFlight.add(entry("1-0", 10)));
    assertFalse(inFlight.add(entry("1-0", 10)));
    inFlight.remove("1-0");
    assertTrue(inFlight.add(entry("1-0", 10)));
    assertEquals(1, inFlight.size());
  }

  @Test
  void thereIsRoomForSoManyAndNoMore() throws InterruptedException {
    assertEquals(2, inFlight.room(0));
    inFlight.add(entry("1-0", 10));
    inFlight.add(entry("2-0", 10));

    assertEquals(0, inFlight.room(1));
  }

  @Test
  void oneThatIsLargeTakesAllTheRoom() throws InterruptedException {
    inFlight.add(entry("1-0", (int) StreamInFlight.MAX_BYTES));
    assertEquals(0, inFlight.room(1));

    inFlight.remove("1-0");

    assertEquals(2, inFlight.room(0));
  }

  @Test
  void whoWaitsForRoomIsToldWhenThereIsSome() throws Exception {
    inFlight.add(entry("1-0", 10));
    inFlight.add(entry("2-0", 10));
    CompletableFuture<Integer> room = new CompletableFuture<>();
    Thread.startVirtualThread(
        () -> {
          try {
            room.complete(inFlight.room(20_000));
          } catch (InterruptedException e) {
            room.completeExceptionally(e);
          }
        });

    inFlight.remove("2-0");

    assertEquals(1, room.get(10, TimeUnit.SECONDS));
  }

  private static StreamEntry entry(String id, int bytes) {
    return StreamEntry.of(id, List.of(new byte[bytes]));
  }
}
