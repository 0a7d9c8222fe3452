package dev.laravelrelay.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ReadmeBlocksE2E {

  @Test
  void onlyMarkedBlocksAreTaken() {
    String markdown =
        """
        # Title
        ```sh
        rm -rf /
        ```
        <!-- e2e: emit -->
        ```sh
        curl -s \\
          http://127.0.0.1
        ```
        """;
    assertEquals(Map.of("emit", "curl -s \\\n  http://127.0.0.1\n"), ReadmeBlocks.of(markdown));
  }

  @Test
  void aMarkWithoutABlockOrWithAnUsedNameIsAMistake() {
    String block = "<!-- e2e: a -->\n```sh\nls\n```\n";
    assertThrows(IllegalArgumentException.class, () -> ReadmeBlocks.of("<!-- e2e: a -->\ntext"));
    assertThrows(
        IllegalArgumentException.class, () -> ReadmeBlocks.of("<!-- e2e: a -->\n```sh\nls"));
    assertThrows(IllegalArgumentException.class, () -> ReadmeBlocks.of(block + block));
  }
}
