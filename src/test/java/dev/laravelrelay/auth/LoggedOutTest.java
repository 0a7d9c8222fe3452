package dev.laravelrelay.auth;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class LoggedOutTest {

  @Test
  void whatWasFoundOutBeforeCountsNoMore() {
    LoggedOut loggedOut = new LoggedOut(Duration.ofMinutes(1));
    long before = loggedOut.now();
    assertFalse(loggedOut.since(before, "1"));
    loggedOut.add("1");
    assertTrue(loggedOut.since(before, "1"));
    assertTrue(loggedOut.lately("1"));
    assertFalse(loggedOut.since(loggedOut.now(), "1"));
    assertFalse(loggedOut.since(before, "2"));
    assertFalse(loggedOut.lately("2"));
  }

  @Test
  void pastTheLimitNothingFromBeforeCounts() {
    LoggedOut loggedOut = new LoggedOut(Duration.ofMinutes(1), 2);
    long before = loggedOut.now();
    loggedOut.add("1");
    loggedOut.add("2");
    assertFalse(loggedOut.since(before, "others"));
    loggedOut.add("3");
    Awaitility.await().until(() -> loggedOut.since(before, "others"));
    for (String user : new String[] {"1", "2", "3"}) {
      assertTrue(loggedOut.since(before, user));
    }
    assertFalse(loggedOut.since(loggedOut.now(), "others"));
  }
}
