package dev.laravelrelay.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.protocol.Frame;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ResumeLogTest {

  private final ResumeLog log = new ResumeLog("");

  private boolean add(String id, long now) {
    return log.add(new Delivery(id, Frame.text(id), null), now);
  }

  private Optional<List<String>> after(String id) {
    return log.after(id).map(tail -> tail.stream().map(Delivery::eventId).toList());
  }

  @Test
  void aRepeatIsAddedOnceForAsLongAsTheFirstIsKept() {
    assertTrue(add("a", 0));
    assertFalse(add("a", ResumeLog.KEPT_MILLIS));
    assertTrue(add("a", ResumeLog.KEPT_MILLIS + 1));
  }

  @Test
  void anIdThatIsUsedAgainIsOneAsAnyOther() {
    add("a", 0);
    add("b", 1);
    add("a", 2 * ResumeLog.KEPT_MILLIS);
    add("c", 2 * ResumeLog.KEPT_MILLIS);
    assertEquals(Optional.of(List.of("a", "c")), after("b"));
    assertEquals(Optional.of(List.of("c")), after("a"));
  }
}
