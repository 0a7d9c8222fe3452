package dev.laravelrelay;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.config.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the README says of settings and links is what is there. */
class ReadmeTest {

  private static final Path README = Path.of("README.md");

  @ParameterizedTest
  @EnumSource(Setting.class)
  void theReadmeHasEverySettingWithItsDefaultAndItsHelp(Setting setting) throws IOException {
    String line = line(setting);
    assertTrue(Files.readString(README).contains(line), () -> "README.md lacks the line\n" + line);
  }

  private static String line(Setting setting) {
    String value = setting.byDefault(false);
    return "| `%s` | %s | %s |"
        .formatted(setting.variable(), value.isEmpty() ? "" : "`" + value + "`", setting.help());
  }

  @Test
  void everyFileThatTheReadmeLinksIsThere() throws IOException {
    Matcher link = Pattern.compile("\\]\\(([^)#:]+)\\)").matcher(Files.readString(README));
    while (link.find()) {
      Path file = Path.of(link.group(1));
      assertTrue(Files.exists(file), () -> file + " is not there");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Http/Controllers/RelayWebhookController.php", "Jobs/EndLostCalls.php"})
  void itsPhpIsWhatTheEndToEndTestsRun(String file) throws IOException {
    Path tested = Path.of("src/e2e/laravel/app").resolve(file);
    String code = Files.readString(tested).replaceFirst("<\\?php\\s+", "");
    assertTrue(
        Files.readString(README).contains("```php\n" + code + "```\n"),
        () -> "README.md lacks\n" + code);
  }
}
