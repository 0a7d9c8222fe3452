package dev.laravelrelay.event;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.laravelrelay.event.CallCodec.Parsed;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CallCodecTest {

  private static Parsed parse(String json) {
    return CallCodec.parse(json.replace('\'', '"').getBytes(UTF_8), "c-1");
  }

  @Test
  void aCallHasTwoPartiesAndATime() {
    assertEquals(
        new Parsed.Valid(new CallTerms("c-1", "1", "b", 86_400)),
        parse("{'caller':1,'receiver':'b','ttl':86400}"));
    assertEquals(
        new Parsed.Valid(new CallTerms("c-1", "1", "2", CallTerms.DEFAULT_TTL)),
        parse("{'id':'c-1','receiver':2,'caller':1}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'caller':1,'receiver':2,'ttl':86401}|ttl|The ttl field must be between 1 and 86400.",
        "{'caller':1,'receiver':2,'ttl':0}|ttl|The ttl field must be between 1 and 86400.",
        "{'caller':1,'receiver':'1'}|receiver|The receiver field must not be the caller.",
        "{'caller':1,'receiver':2,'tll':9}|tll|The field tll is unknown. Did you mean ttl?",
        "{'caller':1,'receiver':2,'xyzzy':9}|xyzzy|The field xyzzy is unknown.",
        "{'caller':1,'receiver':2,'caller':3}|caller|The caller field is given twice.",
        "{'receiver':2}|caller|The caller field is required.",
        "{'id':'c-2','caller':1,'receiver':2}|id|The id field and the callId in the path must be"
            + " the same.",
      })
  void whatIsWrongIsOneSentence(String json, String field, String sentence) {
    Parsed.Invalid invalid = assertInstanceOf(Parsed.Invalid.class, parse(json));
    assertEquals(Map.of(field, List.of(sentence)), invalid.errors());
  }
}
