package dev.laravelrelay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.laravelrelay.config.Setting;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class GivenFlagsTest {

  @Test
  void readsFlagsThatAreWrittenPlainly() {
    Map<Setting, String> settings = Map.of(Setting.PORT, "7001", Setting.BIND, "127.0.0.1");

    assertEquals(
        Optional.of(new GivenFlags(settings, true, false)),
        GivenFlags.plain("serve", "--port", "7001", "--dev", "--bind", "127.0.0.1"));
    assertEquals(
        Optional.of(new GivenFlags(Map.of(), false, true)),
        GivenFlags.plain("serve", "--rehearse"));
    assertEquals(Optional.of(new GivenFlags(Map.of(), false, false)), GivenFlags.plain("serve"));
  }

  @ParameterizedTest
  @EnumSource(Setting.class)
  void knowsEverySetting(Setting setting) {
    assertEquals(
        Optional.of(new GivenFlags(Map.of(setting, "x"), false, false)),
        GivenFlags.plain("serve", setting.flag(), "x"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "check",
        "check --port 1",
        "token 42",
        "--help",
        "serve --help",
        "serve --port",
        "serve --port=1",
        "serve --port --dev",
        "serve --port -1",
        "serve --port 1 --port 2",
        "serve --port 1 2",
        "serve --prot 1",
        "serve --bind @flags",
        "serve @flags"
      })
  void leavesAllElseToPicocli(String line) {
    assertEquals(Optional.empty(), GivenFlags.plain(line.split(" ")));
  }
}
