package dev.laravelrelay.call;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.call.CallDirectory.Registration;
import dev.laravelrelay.event.CallTerms;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.testing.ManualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MemoryCallDirectoryTest extends CallDirectoryContract {

  private final ManualClock clock = new ManualClock(Instant.ofEpochSecond(1_795_358_188));
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final MemoryCallDirectory directory =
      new MemoryCallDirectory(new RelayMetrics(meters), clock, 3);

  private final MemoryCallDirectory roomy =
      new MemoryCallDirectory(new RelayMetrics(new SimpleMeterRegistry()), clock);

  @Override
  protected List<CallDirectory> nodes() {
    return List.of(roomy);
  }

  @Test
  void aCallIsForgottenWhenItsTimeIsOver() {
    get(directory.register(call("c-1")));
    clock.advance(Duration.ofSeconds(59));
    assertTrue(get(directory.get("c-1")).isPresent());
    clock.advance(Duration.ofSeconds(1));
    assertEquals(Optional.empty(), get(directory.get("c-1")));
    assertInstanceOf(Signalled.Unknown.class, get(directory.signal("c-1", CallSignal.REJECT, BEN)));
  }

  @Test
  void anAcceptedCallOutlivesItsRinging() {
    get(directory.register(call("c-1")));
    get(directory.signal("c-1", CallSignal.ACCEPT, BEN));
    clock.advance(Duration.ofHours(23));
    assertInstanceOf(Signalled.Moved.class, get(directory.signal("c-1", CallSignal.END, BEN)));
    clock.advance(Duration.ofMinutes(9));
    assertInstanceOf(Signalled.Refused.class, get(directory.signal("c-1", CallSignal.END, ANNA)));
    clock.advance(Duration.ofMinutes(1));
    assertEquals(Optional.empty(), get(directory.get("c-1")));
  }

  @Test
  void aFullDirectoryRefusesNewCallsAndKeepsTheKnown() {
    for (int i = 0; i < 3; i++) {
      get(directory.register(call("c-" + i)));
    }
    assertEquals(new Registration.Unavailable(1), get(directory.register(call("c-3"))));
    assertInstanceOf(Registration.Registered.class, get(directory.register(call("c-1"))));
    assertEquals(3, meters.get("relay_calls").gauge().value());

    clock.advance(Duration.ofSeconds(60));
    assertInstanceOf(Registration.Registered.class, get(directory.register(call("c-3"))));
    assertEquals(1, meters.get("relay_calls").gauge().value());
  }

  @Test
  void anotherCallMayTakeTheIdOfAForgottenOne() {
    get(directory.register(call("c-1")));
    clock.advance(Duration.ofMinutes(2));
    assertInstanceOf(
        Registration.Registered.class,
        get(directory.register(new CallTerms("c-1", BEN, ANNA, 60))));
  }
}
