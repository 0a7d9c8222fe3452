package dev.laravelrelay.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.laravelrelay.config.DeliveryConfig;
import dev.laravelrelay.event.EventCodec.Parsed;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;

class EventCodecProperties {

  private static final List<String> SCALARS =
      List.of(
          "null",
          "true",
          "false",
          "0",
          "-0",
          "1.50",
          "-1E+9",
          "123456789012345678901234567890",
          "\"\"",
          "\"a\\\"b\"",
          "\"\\u00e9\\/\\n\"",
          "\"é😀\"",
          "\"\\ud83d\\uDE00\"",
          "\"}],\"");

  private final EventCodec codec =
      new EventCodec(new DeliveryConfig(0, 100, 1_000_000, 10_000_000), InstantSource.system());

  @Property(tries = 500, shrinking = ShrinkingMode.OFF)
  void anyDataIsPassedOnByteForByteFromAnyPlace(
      @ForAll("json") String data, @ForAll("space") String space, @ForAll boolean last) {
    String member = "\"data\"" + space + ":" + space + data + space;
    String others = space + "\"user\":1" + space + ",\"event\":\"a\"" + space;
    String body = "{" + (last ? others + "," + member : member + "," + others) + "}";
    Parsed parsed = codec.parse(body.getBytes(StandardCharsets.UTF_8), null);
    Parsed.Valid valid = assertInstanceOf(Parsed.Valid.class, parsed, () -> body + parsed);
    assertEquals(data, valid.request().event().data().toString());
  }

  @Property(tries = 2_000, shrinking = ShrinkingMode.OFF)
  void noBytesMakeItThrow(@ForAll byte[] bytes) {
    codec.parse(bytes, null);
    EmitBatch.parse(bytes, codec);
  }

  @Property(tries = 2_000, shrinking = ShrinkingMode.OFF)
  void noChangedByteMakesItThrow(@ForAll("json") String data, @ForAll int at, @ForAll byte value) {
    String body = "{\"user\":1,\"event\":\"a\",\"hold\":3,\"data\":" + data + "}";
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    bytes[Math.floorMod(at, bytes.length)] = value;
    codec.parse(bytes, null);
    EmitBatch.parse(bytes, codec);
  }

  @Provide
  Arbitrary<String> space() {
    return Arbitraries.of("", " ", "\n", "\t \r\n");
  }

  @Provide
  Arbitrary<String> json() {
    return Arbitraries.randomValue(random -> json(random, 4));
  }

  private static String json(Random random, int depth) {
    int kind = random.nextInt(depth == 0 ? 1 : 3);
    if (kind == 0) {
      return SCALARS.get(random.nextInt(SCALARS.size()));
    }
    List<String> parts = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      String name = kind == 1 ? "" : "\"é%d\": ".formatted(i);
      parts.add(name + json(random, depth - 1));
    }
    String inside = String.join(" ,", parts);
    return kind == 1 ? "[" + inside + "]" : "{" + inside + "}";
  }
}
