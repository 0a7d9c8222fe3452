package dev.laravelrelay.protocol;

import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * The objects {@code {"_placeholder":true,"num":n}} that stand for attachments, at any depth and
 * with their members in any order.
 */
final class Placeholders {

  private Placeholders() {}

  /**
   * Reads the value whose first token is current, to its last token.
   *
   * @throws MalformedPayload if one stands for none of {@code attachments}
   */
  static void check(JsonParser parser, int attachments) {
    JsonToken token = parser.currentToken();
    if (token == JsonToken.START_OBJECT) {
      object(parser, attachments);
    } else if (token == JsonToken.START_ARRAY) {
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        check(parser, attachments);
      }
    }
  }

  private static void object(JsonParser parser, int attachments) {
    boolean placeholder = false;
    boolean inRange = false;
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      JsonToken value = parser.nextToken();
      switch (name) {
        case "_placeholder" -> placeholder = value == JsonToken.VALUE_TRUE;
        case "num" -> inRange = value == JsonToken.VALUE_NUMBER_INT && isBelow(parser, attachments);
        default -> {}
      }
      check(parser, attachments);
    }
    if (placeholder && !inRange) {
      throw new MalformedPayload("placeholder out of range");
    }
  }

  private static boolean isBelow(JsonParser parser, int attachments) {
    String digits = parser.getString();
    return digits.length() <= 2
        && Integer.parseInt(digits) >= 0
        && Integer.parseInt(digits) < attachments;
  }
}
