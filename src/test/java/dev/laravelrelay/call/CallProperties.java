package dev.laravelrelay.call;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.call.Call.State;
import dev.laravelrelay.event.CallTerms;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** In whatever order signals come, a call moves at most twice, and never without leave. */
class CallProperties {

  @Property
  void anyOrderOfSignals(
      @ForAll @Size(max = 12) List<CallSignal> signals,
      @ForAll @Size(value = 12) List<@IntRange(min = 1, max = 3) Integer> users) {
    Call call = Call.ringing(new CallTerms("c", "1", "2", 60), 0);
    List<State> states = new ArrayList<>(List.of(State.RINGING));
    for (int i = 0; i < signals.size(); i++) {
      CallSignal signal = signals.get(i);
      String user = Integer.toString(users.get(i));
      switch (call.after(signal, user, i)) {
        case Signalled.Moved(Call next) -> {
          assertTrue(call.hasParty(user));
          assertTrue(signal != CallSignal.CANCEL || user.equals("1"));
          assertTrue(
              (signal != CallSignal.ACCEPT && signal != CallSignal.REJECT) || user.equals("2"));
          assertEquals(signal.leadsTo(), next.state());
          call = next;
          states.add(next.state());
        }
        case Signalled.Refused(String code, String message) -> {
          assertTrue(!message.isEmpty());
          assertEquals(code.equals("not_party"), user.equals("3"));
        }
        case Signalled.Unknown _, Signalled.Unavailable _ -> throw new AssertionError();
      }
    }
    assertTrue(states.size() <= 3, states::toString);
    assertTrue(
        states.size() < 3 || states.equals(List.of(State.RINGING, State.ACCEPTED, State.ENDED)),
        states::toString);
  }
}
