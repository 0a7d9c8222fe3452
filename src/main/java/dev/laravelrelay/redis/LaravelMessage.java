package dev.laravelrelay.redis;

import dev.laravelrelay.event.EventName;
import dev.laravelrelay.event.RawJson;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * What Laravel's redis broadcaster publishes: {@code {"event":…,"data":{…,"socket":…},"socket":…}}.
 * The data is a slice of the message, without the {@code socket} that the broadcaster puts into it;
 * nothing else of it changes.
 */
sealed interface LaravelMessage {

  /** The longest message that is read, in bytes. */
  int MAX_BYTES = 1 << 20;

  /**
   * An event.
   *
   * @param socket the socket id that {@code toOthers()} leaves out
   */
  record Broadcast(String event, RawJson data, @Nullable String socket) implements LaravelMessage {}

  /** Not for the relay, or broken. */
  record Refused(Reason reason) implements LaravelMessage {}

  /** Why a message is refused. */
  enum Reason {
    /** Longer than {@link #MAX_BYTES}. */
    TOO_LARGE,
    /** Not what the broadcaster publishes. */
    MALFORMED,
    /** An event's name is empty, too long, or Socket.IO's own. */
    EVENT_NAME;

    /** The name in metrics. */
    String lowerCase() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Reads a message; the array must not be written to afterwards. */
  static LaravelMessage read(byte[] message) {
    if (message.length > MAX_BYTES) {
      return new Refused(Reason.TOO_LARGE);
    }
    if (!isPlainUtf8(message)) {
      return new Refused(Reason.MALFORMED);
    }
    try (JsonParser parser = Reader.JSON.createParser(ObjectReadContext.empty(), message)) {
      return new Reader(message, parser).read();
    } catch (JacksonException e) {
      return new Refused(Reason.MALFORMED);
    }
  }

  /** Whether it can only be UTF-8, so that the parser's offsets are offsets into the array. */
  private static boolean isPlainUtf8(byte[] message) {
    for (byte each : message) {
      if (each == 0) {
        return false;
      }
    }
    if (message.length == 0 || message[0] == (byte) 0xEF) {
      return false;
    }
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(message));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  /** Reads one message. */
  final class Reader {

    private static final JsonFactory JSON = new JsonFactory();
    private static final String SOCKET = "socket";

    private final byte[] message;
    private final JsonParser parser;
    private @Nullable String event;
    private @Nullable String socket;
    private RawJson data = RawJson.EMPTY_OBJECT;

    private Reader(byte[] message, JsonParser parser) {
      this.message = message;
      this.parser = parser;
    }

    private LaravelMessage read() {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return new Refused(Reason.MALFORMED);
      }
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = parser.currentName();
        JsonToken value = parser.nextToken();
        switch (name) {
          case "event" -> event = value == JsonToken.VALUE_STRING ? parser.getString() : null;
          case SOCKET -> socket = value == JsonToken.VALUE_STRING ? parser.getString() : null;
          case "data" ->
              data = value == JsonToken.START_OBJECT ? withoutSocket() : slice(start(), end());
          default -> end();
        }
      }
      if (parser.nextToken() != null || event == null) {
        return new Refused(Reason.MALFORMED);
      }
      if (event.isEmpty() || event.length() > EventName.MAX_LENGTH || EventName.isReserved(event)) {
        return new Refused(Reason.EVENT_NAME);
      }
      return new Broadcast(event, data, socket == null || socket.isEmpty() ? null : socket);
    }

    /** The object at whose beginning the parser is. */
    private RawJson withoutSocket() {
      int begin = start();
      Cut cut = new Cut(message, begin);
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        int memberStart = start();
        boolean dropped = SOCKET.equals(parser.currentName());
        parser.nextToken();
        cut.member(memberStart, end(), dropped);
      }
      return cut.finish(start());
    }

    /** Where the current token begins. */
    private int start() {
      return (int) parser.currentTokenLocation().getByteOffset();
    }

    /** Goes to the end of the current value, and answers where that is. */
    private int end() {
      parser.skipChildren();
      parser.finishToken();
      return (int) parser.currentLocation().getByteOffset();
    }

    private RawJson slice(int start, int end) {
      return RawJson.slice(message, start, end - start);
    }
  }
}
