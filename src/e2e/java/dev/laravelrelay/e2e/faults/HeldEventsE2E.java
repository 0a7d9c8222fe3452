package dev.laravelrelay.e2e.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.e2e.RelayProcess;
import dev.laravelrelay.e2e.faults.FaultRun.Settings;
import dev.laravelrelay.testing.StockClient;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What hold promises, with phones that fall off the network all the time. */
class HeldEventsE2E {

  private static final int PHONES = 200;
  private static final int PER_SECOND = 50;
  private static final Duration HOLD = Duration.ofSeconds(30);

  @Test
  @Timeout(180)
  void whatIsHeldReachesEveryUserInOrderAndNoVerdictIsFalse() throws Exception {
    FaultReport report =
        run(
            "held",
            new Settings(PHONES, PER_SECOND, Duration.ofSeconds(60), (int) HOLD.toSeconds(), HOLD),
            phone -> {});

    assertEquals(List.of(), report.lost());
    assertEquals(List.of(), report.falseVerdicts());
    assertEquals(List.of(), report.disordered());
    assertTrue(report.drops() > PHONES, "the networks did fail");
    assertTrue(report.verdicts().get("confirmed") > 0);
    assertTrue(report.verdicts().get("held") > 0);
  }

  @Test
  @Timeout(120)
  void withoutHoldSomeAreLostAndStillNoVerdictIsFalse() throws Exception {
    FaultReport report =
        run(
            "not held",
            new Settings(PHONES, PER_SECOND, Duration.ofSeconds(30), 0, Duration.ofSeconds(3)),
            phone -> {});

    assertTrue(report.lost().size() > 0, "this is what hold is for");
    assertEquals(List.of(), report.falseVerdicts());
    assertEquals(0, report.repeats());
  }

  @Test
  @Timeout(120)
  void clientsThatResumeLoseNothingEvenWithoutHoldAndGetNothingTwice() throws Exception {
    FaultReport report =
        run(
            "not held, clients resume",
            new Settings(PHONES, PER_SECOND, Duration.ofSeconds(30), 0, HOLD),
            StockClient::resumable);

    assertEquals(List.of(), report.lost());
    assertEquals(List.of(), report.falseVerdicts());
    assertEquals(List.of(), report.disordered());
    assertEquals(0, report.repeats());
  }

  private static FaultReport run(String title, Settings settings, Consumer<StockClient> prepare)
      throws InterruptedException {
    Map<String, String> variables =
        Map.of("RELAY_AUTH", "none", "RELAY_PING_INTERVAL", "5s", "RELAY_PING_TIMEOUT", "4s");
    try (RelayProcess relay = RelayProcess.start(variables)) {
      FaultReport report =
          new FaultRun(settings, prepare).run(relay.port(), relay.apiUrl(), RelayProcess.KEY);
      System.out.println(report.text("relay, " + title));
      return report;
    }
  }
}
