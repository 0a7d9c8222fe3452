package dev.laravelrelay.auth;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.config.Secret;
import java.util.List;
import org.junit.jupiter.api.Test;

class ApiKeysTest {

  private final ApiKeys keys =
      new ApiKeys(List.of(new Secret("old-key-äöü"), new Secret("new-key")));

  @Test
  void everyKeyOpensWhileOneIsRotated() {
    assertTrue(keys.accepts("old-key-äöü"));
    assertTrue(keys.accepts("new-key"));
  }

  @Test
  void whatIsNotExactlyAKeyIsRefused() {
    assertFalse(keys.accepts(""));
    assertFalse(keys.accepts("new-ke"));
    assertFalse(keys.accepts("new-key "));
    assertFalse(keys.accepts("NEW-KEY"));
    assertFalse(keys.accepts("old-key-äöünew-key"));
  }

  @Test
  void withoutKeysNothingIsAccepted() {
    assertFalse(new ApiKeys(List.of()).accepts(""));
  }

  @Test
  void anEmptyKeyIsAMistakeOfTheOperator() {
    assertThrows(IllegalArgumentException.class, () -> new ApiKeys(List.of(new Secret(""))));
  }
}
