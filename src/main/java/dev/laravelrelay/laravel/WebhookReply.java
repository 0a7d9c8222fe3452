package dev.laravelrelay.laravel;

import dev.laravelrelay.event.RawJson;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * What Laravel says to a webhook: {@code {"emit": [...], "ack": ...}}, both optional. Anything else
 * says nothing.
 *
 * @param emits not yet read, at most {@link #MAX_EMITS}
 * @param problems what was not taken, each to follow "has"
 * @param ack one JSON value; null if there is none
 */
record WebhookReply(List<byte[]> emits, List<String> problems, @Nullable RawJson ack) {

  /** Emits of one reply that are taken. */
  static final int MAX_EMITS = 100;

  static final WebhookReply NOTHING = new WebhookReply(List.of(), List.of(), null);

  private static final JsonFactory FACTORY = new JsonFactory();

  /** Larger than what is read. */
  static WebhookReply tooLarge() {
    String problem = "more than " + WebhookSender.MAX_REPLY + " bytes";
    return new WebhookReply(List.of(), List.of(problem), null);
  }

  static WebhookReply of(byte[] body) {
    try (JsonParser in = FACTORY.createParser(ObjectReadContext.empty(), body)) {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body));
      if (in.nextToken() != JsonToken.START_OBJECT) {
        return NOTHING;
      }
      WebhookReply reply = read(in, body);
      return in.nextToken() == null ? reply : NOTHING;
    } catch (JacksonException | CharacterCodingException notJson) {
      return NOTHING;
    }
  }

  private static WebhookReply read(JsonParser in, byte[] body) {
    List<byte[]> emits = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    RawJson ack = null;
    for (String name = in.nextName(); name != null; name = in.nextName()) {
      JsonToken value = in.nextToken();
      if (name.equals("emit") && value == JsonToken.START_ARRAY) {
        int more = 0;
        while (in.nextToken() != JsonToken.END_ARRAY) {
          byte[] emit = slice(in, body);
          if (emits.size() < MAX_EMITS) {
            emits.add(emit);
          } else {
            more++;
          }
        }
        if (more > 0) {
          problems.add(more + " emits beyond the first " + MAX_EMITS);
        }
      } else if (name.equals("emit") && value != JsonToken.VALUE_NULL) {
        in.skipChildren();
        problems.add("an \"emit\" that is no list");
      } else {
        byte[] slice = slice(in, body);
        ack = name.equals("ack") ? RawJson.slice(slice, 0, slice.length) : ack;
      }
    }
    return new WebhookReply(emits, problems, ack);
  }

  private static byte[] slice(JsonParser in, byte[] body) {
    int start = (int) in.currentTokenLocation().getByteOffset();
    in.skipChildren();
    in.finishToken();
    return Arrays.copyOfRange(body, start, (int) in.currentLocation().getByteOffset());
  }
}
