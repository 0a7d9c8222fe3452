package dev.laravelrelay.delivery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.config.DeliveryConfig;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.event.Terms;
import dev.laravelrelay.metrics.RelayMetrics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every keeper of held events has to do. */
@Timeout(60)
public abstract class HeldEventsContract {

  protected static final DeliveryConfig LIMITS = new DeliveryConfig(0, 100, 1 << 20, 1L << 26);

  protected final AtomicLong now = new AtomicLong(1_795_358_188_000L);
  protected final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  protected final RelayMetrics metrics = new RelayMetrics(registry);

  /** A new one, empty, that counts in {@link #metrics} and reads {@link #now}. */
  protected abstract HeldEvents create(DeliveryConfig limits);

  @Test
  void aUserWithoutEventsHasNone() throws Exception {
    HeldEvents held = create(LIMITS);
    assertEquals(List.of(), of(held, "1"));
    await(held.release("1", "nothing"));
    assertEquals(0, await(held.drop("1")));
  }

  @Test
  void eventsComeOldestFirst() throws Exception {
    HeldEvents held = create(LIMITS);
    hold(held, "1", event("c"), event("a"), event("b"));
    assertEquals(List.of("c", "a", "b"), ids(held, "1"));
  }

  @Test
  void usersAreApart() throws Exception {
    HeldEvents held = create(LIMITS);
    hold(held, "1", event("a"));
    hold(held, "2", event("a"), event("b"));
    await(held.release("2", "a"));
    assertEquals(List.of("a"), ids(held, "1"));
    assertEquals(List.of("b"), ids(held, "2"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "null",
        "{\"z\":12345678901234567890,\"a\":1.0,\"u\":\"\\u00e9\\/😀é\",\"a\":2}"
      })
  void anEventComesBackAsItWas(String data) throws Exception {
    HeldEvents held = create(LIMITS);
    Event event =
        new Event(
            "0199-ü",
            "App\\Events\\CallRejected",
            RawJson.of(data),
            new Target.Users(List.of("42", "user:ü")),
            new Terms(30, 1500, "call:c-667", "12.34"),
            now.get());
    hold(held, "user:ü", event);
    assertEquals(List.of(event), of(held, "user:ü"));
  }

  @Test
  void aReleasedEventIsGone() throws Exception {
    HeldEvents held = create(LIMITS);
    hold(held, "1", event("a"), event("b"), event("c"));
    await(held.release("1", "b"));
    await(held.release("1", "b"));
    await(held.release("1", "unknown"));
    assertEquals(List.of("a", "c"), ids(held, "1"));
    assertEquals(1, ended("released"));
  }

  @Test
  void droppingAnswersHowManyThereWere() throws Exception {
    HeldEvents held = create(LIMITS);
    hold(held, "1", event("a"), event("b"));
    hold(held, "2", event("c"));
    assertEquals(2, await(held.drop("1")));
    assertEquals(0, await(held.drop("1")));
    assertEquals(List.of(), of(held, "1"));
    assertEquals(List.of("c"), ids(held, "2"));
    assertEquals(2, ended("dropped"));
  }

  @Test
  void theSameIdAgainChangesNothing() throws Exception {
    HeldEvents held = create(LIMITS);
    hold(held, "1", event("a"), event("b"), event("a"));
    assertEquals(List.of("a", "b"), ids(held, "1"));
    assertEquals(2, stored());
  }

  @Test
  void anEventIsHeldUntilItsTimeEnds() throws Exception {
    HeldEvents held = create(LIMITS);
    hold(held, "1", event("short", 10, null), event("long", 30, null));
    now.addAndGet(9_999);
    assertEquals(List.of("short", "long"), ids(held, "1"));
    now.addAndGet(1);
    assertEquals(List.of("long"), ids(held, "1"));
    now.addAndGet(20_000);
    assertEquals(List.of(), of(held, "1"));
    assertEquals(0, await(held.drop("1")));
    assertEquals(2, ended("expired"));
  }

  @Test
  void aNewerEventWithTheCollapseKeyReplacesTheOlderAtTheEnd() throws Exception {
    HeldEvents held = create(LIMITS);
    hold(held, "1", event("a", 30, "call"), event("b", 30, null), event("c", 30, "chat"));
    hold(held, "2", event("d", 30, "call"));
    hold(held, "1", event("e", 30, "call"));
    assertEquals(List.of("b", "c", "e"), ids(held, "1"));
    assertEquals(List.of("d"), ids(held, "2"));
    assertEquals(1, ended("collapsed"));
  }

  @Test
  void aCollapseKeyIsFreeAfterItsEventIsGone() throws Exception {
    HeldEvents held = create(LIMITS);
    hold(held, "1", event("a", 30, "call"));
    await(held.release("1", "a"));
    hold(held, "1", event("b", 30, "call"), event("c", 30, null));
    assertEquals(List.of("b", "c"), ids(held, "1"));
    assertEquals(0, ended("collapsed"));
  }

  @Test
  void theOldestGoesWhenAUserHasTooMany() throws Exception {
    HeldEvents held = create(LIMITS);
    hold(held, "2", event("other"));
    for (int i = 0; i < 103; i++) {
      hold(held, "1", event("e" + i));
    }
    assertEquals(IntStream.range(3, 103).mapToObj(i -> "e" + i).toList(), ids(held, "1"));
    assertEquals(List.of("other"), ids(held, "2"));
    assertEquals(3, ended("evicted"));
  }

  @Test
  void theOldestGoWhenAUserHasTooManyBytes() throws Exception {
    HeldEvents held = create(LIMITS);
    for (int i = 0; i < 12; i++) {
      hold(held, "1", sized("e" + i, 100_000));
    }
    assertEquals(IntStream.range(2, 12).mapToObj(i -> "e" + i).toList(), ids(held, "1"));
    hold(held, "1", sized("big", 950_000));
    assertEquals(List.of("big"), ids(held, "1"));
    assertEquals(12, ended("evicted"));
  }

  @Test
  void anEventOverTheLimitIsNotKeptAndSpoilsNothing() throws Exception {
    HeldEvents held = create(LIMITS);
    hold(held, "1", event("a"), sized("huge", 1 << 20), event("b"));
    assertEquals(List.of("a", "b"), ids(held, "1"));
    assertEquals(1, ended("evicted"));
  }

  @Test
  void itSaysWhetherAnEventIsKept() throws Exception {
    HeldEvents held = create(LIMITS);
    assertTrue(await(held.hold("1", event("a"))));
    assertTrue(await(held.hold("1", event("a"))));
    assertFalse(await(held.hold("1", sized("huge", 1 << 20))));
  }

  @Test
  void theExpiredMakeRoomBeforeAnythingIsEvicted() throws Exception {
    HeldEvents held = create(LIMITS);
    for (int i = 0; i < 100; i++) {
      hold(held, "1", event("e" + i, i == 50 ? 1 : 30, null));
    }
    now.addAndGet(1_000);
    hold(held, "1", event("newest"));
    assertEquals("e0", ids(held, "1").getFirst());
    assertEquals(1, ended("expired"));
    assertEquals(0, ended("evicted"));
  }

  protected Event event(String id) {
    return event(id, 30, null);
  }

  protected Event event(String id, int seconds, String collapseKey) {
    return event(id, seconds, collapseKey, "{\"id\":\"" + id + "\"}");
  }

  protected Event sized(String id, int bytes) {
    return event(id, 30, null, "\"" + "x".repeat(bytes - 2) + "\"");
  }

  private Event event(String id, int seconds, String collapseKey, String data) {
    return new Event(
        id,
        "call:rejected",
        RawJson.of(data),
        new Target.User("1"),
        new Terms(seconds, 0, collapseKey, null),
        now.get());
  }

  protected static void hold(HeldEvents held, String user, Event... events) throws Exception {
    for (Event event : events) {
      await(held.hold(user, event));
    }
  }

  protected static List<Event> of(HeldEvents held, String user) throws Exception {
    return await(held.of(user));
  }

  protected static List<String> ids(HeldEvents held, String user) throws Exception {
    return of(held, user).stream().map(Event::id).toList();
  }

  protected static <T> T await(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  protected double stored() {
    Counter counter = registry.find("relay_held_stored").counter();
    return counter == null ? 0 : counter.count();
  }

  protected double ended(String reason) {
    Counter counter = registry.find("relay_held_ended").tag("reason", reason).counter();
    return counter == null ? 0 : counter.count();
  }
}
