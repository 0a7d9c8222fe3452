package dev.laravelrelay.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantityTest {

  @ParameterizedTest
  @CsvSource({"500ms, 500", "25s, 25000", "2m, 120000", "1h, 3600000", "0, 0"})
  void durationsHaveAUnit(String text, long millis) {
    assertEquals(OptionalLong.of(millis), Quantity.millis(text));
    assertEquals(text, Quantity.showMillis(millis));
  }

  @ParameterizedTest
  @CsvSource({"100, 100", "64k, 65536", "1m, 1048576", "2g, 2147483648", "0, 0"})
  void sizesMayHaveAUnit(String text, long bytes) {
    assertEquals(OptionalLong.of(bytes), Quantity.bytes(text));
    assertEquals(text, Quantity.showBytes(bytes));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "s", "1.5s", "-1s", "25", "1 s", "1d", "1s1s", "٣s"})
  void otherTextIsNoDuration(String text) {
    assertEquals(OptionalLong.empty(), Quantity.millis(text));
  }

  @Test
  void whatOverflowsIsTheLargestNumber() {
    assertEquals(OptionalLong.of(Long.MAX_VALUE), Quantity.bytes("999999999999999999g"));
  }
}
