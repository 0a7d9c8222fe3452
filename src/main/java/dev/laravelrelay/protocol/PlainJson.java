package dev.laravelrelay.protocol;

import dev.laravelrelay.event.EventName;
import dev.laravelrelay.event.RawJson;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * The language of {@code /ws}: one JSON object a message, {@code {"event","data","id"}}. Stateless;
 * from any thread.
 */
public final class PlainJson {

  private static final byte[] EVENT = ascii("{\"event\":");
  private static final byte[] DATA = ascii(",\"data\":");
  private static final byte[] ID = ascii(",\"id\":");

  private PlainJson() {}

  /** What a client said. */
  public sealed interface Message {}

  /** It wants the events of a channel. */
  public record Subscribe(String channel) implements Message {}

  /** It wants them no longer. */
  public record Unsubscribe(String channel) implements Message {}

  /** It wants to know whether anyone is there. */
  public record Ping() implements Message {}

  /**
   * An event.
   *
   * @param data {@code {}} if there was none
   */
  public record Event(String name, RawJson data) implements Message {}

  /** Nothing that the relay understands; the reason may be told to the client. */
  public record Malformed(String reason) implements Message {}

  /** {@code {"event":"…","data":…,"id":"…"}}. */
  public static Frame event(String id, String name, RawJson data) {
    byte[] quotedName = Json.quote(name);
    byte[] quotedId = Json.quote(id);
    int fixed = EVENT.length + DATA.length + ID.length + 1;
    return new FrameBuilder(fixed + quotedName.length + data.length() + quotedId.length)
        .put(EVENT)
        .put(quotedName)
        .put(DATA)
        .put(data)
        .put(ID)
        .put(quotedId)
        .put('}')
        .build();
  }

  /** A message of the relay's own, which has no id. */
  public static Frame notice(String name, RawJson data) {
    byte[] quotedName = Json.quote(name);
    return new FrameBuilder(EVENT.length + quotedName.length + DATA.length + data.length() + 1)
        .put(EVENT)
        .put(quotedName)
        .put(DATA)
        .put(data)
        .put('}')
        .build();
  }

  /** One text message. Members other than {@code event} and {@code data} are ignored. */
  public static Message decode(String message) {
    byte[] utf8 = message.getBytes(StandardCharsets.UTF_8);
    try (JsonParser parser = Json.parser(utf8)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return new Malformed("the message is not a JSON object");
      }
      return object(parser, utf8);
    } catch (MalformedPayload | JacksonException e) {
      return new Malformed("the message is not valid JSON");
    }
  }

  private static Message object(JsonParser parser, byte[] utf8) {
    String event = null;
    RawJson data = null;
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      JsonToken value = parser.nextToken();
      switch (name) {
        case "event" -> {
          if (event != null || value != JsonToken.VALUE_STRING) {
            return new Malformed("event must be one string");
          }
          event = parser.getString();
        }
        case "data" -> {
          if (data != null) {
            return new Malformed("data is given twice");
          }
          data = Json.value(parser, utf8);
        }
        default -> parser.skipChildren();
      }
    }
    Json.end(parser);
    return message(event, data);
  }

  private static Message message(@Nullable String event, @Nullable RawJson data) {
    if (event == null || event.isEmpty() || event.length() > EventName.MAX_LENGTH) {
      return new Malformed("event must have 1 to " + EventName.MAX_LENGTH + " characters");
    }
    return switch (event) {
      case "ping" -> new Ping();
      case "subscribe", "unsubscribe" -> subscription(event.equals("subscribe"), data);
      default -> new Event(event, data == null ? RawJson.EMPTY_OBJECT : data);
    };
  }

  private static Message subscription(boolean wanted, @Nullable RawJson data) {
    String channel = data == null ? null : channel(data.toBytes());
    if (channel == null || channel.isEmpty()) {
      return new Malformed("data.channel must be a string");
    }
    return wanted ? new Subscribe(channel) : new Unsubscribe(channel);
  }

  private static @Nullable String channel(byte[] data) {
    try (JsonParser parser = Json.parser(data)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return null;
      }
      String channel = null;
      for (String name = parser.nextName(); name != null; name = parser.nextName()) {
        JsonToken value = parser.nextToken();
        if (!name.equals("channel")) {
          parser.skipChildren();
        } else if (channel != null || value != JsonToken.VALUE_STRING) {
          return null;
        } else {
          channel = parser.getString();
        }
      }
      return channel;
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
