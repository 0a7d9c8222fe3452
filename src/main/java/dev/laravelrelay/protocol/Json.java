package dev.laravelrelay.protocol;

import dev.laravelrelay.event.RawJson;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.io.JsonStringEncoder;
import tools.jackson.core.json.JsonFactory;

/** Strict JSON, read as a stream and cut into {@link RawJson} slices of one UTF-8 array. */
final class Json {

  /** How deep arrays and objects may be nested. */
  static final int MAX_DEPTH = 500;

  // Lengths are bounded by the size of the message.
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .disable(TokenStreamFactory.Feature.INTERN_PROPERTY_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxNumberLength(Integer.MAX_VALUE)
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private Json() {}

  /**
   * A parser at the start of the text. Its byte offsets are those of {@code utf8}.
   *
   * @throws MalformedPayload for text that Jackson would take for another encoding
   */
  static JsonParser parser(byte[] utf8) {
    boolean asciiFirst = utf8.length > 0 && utf8[0] > 0;
    if (!asciiFirst || (utf8.length > 1 && utf8[1] == 0)) {
      throw new MalformedPayload("not JSON");
    }
    return FACTORY.createParser(ObjectReadContext.empty(), utf8);
  }

  /** The value whose first token is current; afterwards its last one is. */
  static RawJson value(JsonParser parser, byte[] utf8) {
    int start = (int) parser.currentTokenLocation().getByteOffset();
    parser.skipChildren();
    return slice(parser, utf8, start);
  }

  /** The value that began at {@code start} and whose last token is current. */
  static RawJson slice(JsonParser parser, byte[] utf8, int start) {
    parser.finishToken();
    int end = (int) parser.currentLocation().getByteOffset();
    return RawJson.slice(utf8, start, end - start);
  }

  /** Checks that nothing follows the value that was read. */
  static void end(JsonParser parser) {
    JsonToken token = parser.nextToken();
    if (token != null) {
      throw new MalformedPayload("more than one value");
    }
  }

  /** The text as a JSON string, quoted, in UTF-8. Half a surrogate pair becomes {@code ?}. */
  static byte[] quote(String text) {
    StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
    JsonStringEncoder.getInstance().quoteAsString(text, quoted);
    return quoted.append('"').toString().getBytes(StandardCharsets.UTF_8);
  }
}
