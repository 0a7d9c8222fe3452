package dev.laravelrelay.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.laravelrelay.event.RawJson;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LaravelMessageTest {

  @Test
  void theSocketIsTakenOutOfTheDataAndLeftOut() {
    assertEquals(
        broadcast("call:rejected", "{\"call_id\":2,\"by\":2}", "1234.5678"),
        read(
            "{\"event\":\"call:rejected\",\"data\":{\"call_id\":2,\"by\":2,"
                + "\"socket\":\"1234.5678\"},\"socket\":\"1234.5678\"}"));
  }

  @Test
  void aClassNameIsReadWithSingleBackslashes() {
    assertEquals(
        broadcast("App\\Events\\CallEnded", "{}", null),
        read(
            "{\"event\":\"App\\\\Events\\\\CallEnded\",\"data\":{\"socket\":null},"
                + "\"socket\":null}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"socket\":null}                      | {}",
        "{\"socket\":null,\"a\":1}              | {\"a\":1}",
        "{\"a\":1,\"socket\":null}              | {\"a\":1}",
        "{\"a\":1,\"socket\":null,\"b\":2}      | {\"a\":1,\"b\":2}",
        "{\"socket\":1,\"socket\":2}            | {}",
        "{\"socket\":1,\"socket\":2,\"a\":1}    | {\"a\":1}",
        "{\"a\":1,\"socket\":1,\"socket\":2}    | {\"a\":1}",
        "{\"socket\":1,\"a\":1,\"socket\":2}    | {\"a\":1}",
        "{\"socket\":{\"x\":[1,{}]},\"a\":1}    | {\"a\":1}",
        "{\"s\\u006fcket\":1,\"a\":1}           | {\"a\":1}",
        "{\"a\":{\"socket\":1}}                 | {\"a\":{\"socket\":1}}",
        "[{\"socket\":1}]                       | [{\"socket\":1}]",
        "{ \"a\" : 1 , \"socket\" : 2 , \"b\" : 3 } | { \"a\" : 1 , \"b\" : 3 }",
        "{ \"socket\" : 2 , \"b\" : 3 }         | { \"b\" : 3 }",
        "{}                                     | {}",
        "[]                                     | []",
        "null                                   | null",
        "-0.0                                   | -0.0",
        "\"socket\"                             | \"socket\"",
        "{\"n\":1.0,\"m\":12345678901234567890123,\"e\":1E400} | "
            + "{\"n\":1.0,\"m\":12345678901234567890123,\"e\":1E400}",
        "{\"ü\":\"\\u00e9\\/\",\"socket\":1,\"z\":\"😀é\"} | {\"ü\":\"\\u00e9\\/\",\"z\":\"😀é\"}",
      })
  void everyOtherByteOfTheDataStays(String data, String expected) {
    assertEquals(broadcast("e", expected, null), read("{\"event\":\"e\",\"data\":" + data + "}"));
    assertEquals(
        broadcast("e", expected, "1.2"),
        read("{ \"socket\" : \"1.2\" , \"data\" : " + data + " , \"event\" : \"e\" }"));
  }

  @Test
  void dataMayBeMissing() {
    assertEquals(broadcast("e", "{}", null), read("{\"event\":\"e\"}"));
  }

  @Property
  void anyDataWithoutASocketComesAsItIs(@ForAll("values") String data) {
    assertEquals(broadcast("e", data, null), read("{\"data\":" + data + ",\"event\":\"e\"}"));
  }

  @Property
  void aSocketAmongAnyMembersIsTakenOut(
      @ForAll @Size(max = 4) List<@From("values") String> before,
      @ForAll @Size(max = 4) List<@From("values") String> after) {
    List<String> a = members("a", before);
    List<String> b = members("b", after);
    String with = joined(a, List.of("\"socket\":\"1.2\""), b);
    assertEquals(
        broadcast("e", joined(a, List.of(), b), null),
        read("{\"event\":\"e\",\"data\":" + with + "}"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "hello",
        "[]",
        "null",
        "{}",
        "{\"data\":{}}",
        "{\"event\":5,\"data\":{}}",
        "{\"event\":null}",
        "{\"event\":\"e\",\"data\":{}",
        "{\"event\":\"e\",\"data\":{\"socket\":}}",
        "{\"event\":\"e\",\"data\":{\"a\":1,}}",
        "{\"event\":\"e\",\"data\":NaN}",
        "{\"event\":\"e\",\"data\":01}",
        "{\"event\":\"e\"}{}",
        "{\"event\":\"e\"} x",
        "\uFEFF{\"event\":\"e\"}",
        "{\"event\":\"e\",\"data\":\"\u0000\"}"
      })
  void garbageIsRefused(String message) {
    assertEquals(new LaravelMessage.Refused(LaravelMessage.Reason.MALFORMED), read(message));
  }

  @Test
  void otherEncodingsAreRefused() {
    String json = "{\"event\":\"é\"}";
    for (var charset :
        List.of(
            StandardCharsets.ISO_8859_1,
            StandardCharsets.UTF_16LE,
            StandardCharsets.UTF_16BE,
            StandardCharsets.UTF_16)) {
      assertEquals(
          new LaravelMessage.Refused(LaravelMessage.Reason.MALFORMED),
          LaravelMessage.read(json.getBytes(charset)),
          charset.name());
    }
  }

  @Test
  void aDeepNestIsRefused() {
    String deep = "[".repeat(100_000) + "]".repeat(100_000);
    assertEquals(
        new LaravelMessage.Refused(LaravelMessage.Reason.MALFORMED),
        read("{\"event\":\"e\",\"data\":" + deep + "}"));
  }

  @Test
  void aMebibyteIsReadAndAByteMoreIsNot() {
    String frame = "{\"event\":\"e\",\"data\":\"\"}";
    String data = "\"" + "x".repeat(LaravelMessage.MAX_BYTES - frame.length()) + "\"";
    String longest = "{\"event\":\"e\",\"data\":" + data + "}";
    assertEquals(broadcast("e", data, null), read(longest));
    assertEquals(new LaravelMessage.Refused(LaravelMessage.Reason.TOO_LARGE), read(longest + " "));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "connect", "disconnecting", "newListener"})
  void aNameThatSocketIoKeepsIsRefused(String name) {
    assertEquals(
        new LaravelMessage.Refused(LaravelMessage.Reason.EVENT_NAME),
        read("{\"event\":\"" + name + "\",\"data\":{}}"));
  }

  @Test
  void aNameMayHave200Characters() {
    String longest = "é".repeat(200);
    assertEquals(broadcast(longest, "{}", null), read("{\"event\":\"" + longest + "\"}"));
    assertEquals(
        new LaravelMessage.Refused(LaravelMessage.Reason.EVENT_NAME),
        read("{\"event\":\"" + longest + "x\"}"));
  }

  @Provide
  Arbitrary<String> values() {
    Arbitrary<String> strings =
        Arbitraries.of("a", "é", "😀", "\\n", "\\\"", "\\u00e9", "{", "]", ",", ":", " ")
            .list()
            .ofMaxSize(5)
            .map(parts -> "\"" + String.join("", parts) + "\"");
    Arbitrary<String> scalars =
        Arbitraries.oneOf(
            strings,
            Arbitraries.of("0", "-1", "1.0", "1e5", "1E+400", "12345678901234567890"),
            Arbitraries.of("true", "false", "null"));
    return Arbitraries.lazyOf(
        () -> scalars,
        () -> scalars,
        () -> values().list().ofMaxSize(3).map(list -> "[" + String.join(" , ", list) + "]"),
        () ->
            Combinators.combine(values(), values())
                .as((one, two) -> "{ \"x\" :" + one + ", \"y\": {\"socket\":" + two + " } }"));
  }

  private static List<String> members(String name, List<String> values) {
    return IntStream.range(0, values.size())
        .mapToObj(i -> "\"%s%d\":%s".formatted(name, i, values.get(i)))
        .toList();
  }

  @SafeVarargs
  private static String joined(List<String>... members) {
    return Arrays.stream(members).flatMap(List::stream).collect(Collectors.joining(",", "{", "}"));
  }

  private static LaravelMessage read(String message) {
    return LaravelMessage.read(message.getBytes(StandardCharsets.UTF_8));
  }

  private static LaravelMessage broadcast(String event, String data, String socket) {
    return new LaravelMessage.Broadcast(event, RawJson.of(data), socket);
  }
}
