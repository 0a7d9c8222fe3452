package dev.laravelrelay.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrameTest {

  @ParameterizedTest
  @CsvSource({
    "0, 8100",
    "125, 817d",
    "126, 817e007e",
    "65535, 817effff",
    "65536, 817f0000000000010000"
  })
  void theHeaderIsThatOfRfc6455(int length, String header) {
    Frame frame = Frame.text("x".repeat(length));

    int headerLength = frame.size() - length;
    assertEquals(header, HexFormat.of().formatHex(frame.wire(), 0, headerLength));
    assertEquals(length, frame.payload().remaining());
    assertEquals("x".repeat(length), frame.text());
  }

  @Test
  void aBinaryMessageHasItsOwnOpcodeAndIsCopied() {
    byte[] data = {1, 2, 3};
    Frame frame = Frame.binary(data);
    data[0] = 9;

    assertTrue(frame.isBinary());
    assertFalse(Frame.text("x").isBinary());
    assertArrayEquals(new byte[] {(byte) 0x82, 3, 1, 2, 3}, frame.wire());
  }

  @Test
  void aBuiltFrameIsTheSameAsOneOfBytes() {
    Frame built = new FrameBuilder(5).put(new byte[] {'h', 'e'}).put('l').put(bytes("lo")).build();

    assertArrayEquals(Frame.text("hello").wire(), built.wire());
  }

  @Test
  void aFrameOfTheWrongLengthIsNotBuilt() {
    FrameBuilder tooShort = new FrameBuilder(5).put(bytes("four"));

    assertThrows(IllegalStateException.class, tooShort::build);
  }

  @Test
  void theTextSaysNothingOfTheContent() {
    assertEquals("text[6]", Frame.text("secret").toString());
    assertEquals("binary[1]", Frame.binary(new byte[1]).toString());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
