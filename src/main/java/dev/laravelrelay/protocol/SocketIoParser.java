package dev.laravelrelay.protocol;

import dev.laravelrelay.event.EventName;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.protocol.SocketIo.Decoded;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * Reads one text message of Socket.IO 5: {@code <type>[<attachments>-][<nsp>,][<ack id>][JSON]}.
 * Where the written protocol is silent it does as socket.io-parser 4.2 does.
 */
final class SocketIoParser {

  // One digit less than a long may have; the Java client's ids end at 2^31 - 1.
  private static final int MAX_ID_DIGITS = 18;

  private static final long BAD_ID = -2;
  private static final Decoded IGNORED = new Decoded.Ignored();

  private final String message;
  private int at = 1;

  private SocketIoParser(String message) {
    this.message = message;
  }

  /** What a text message is. */
  sealed interface Parsed permits Whole, Header {}

  /** Nothing follows. */
  record Whole(Decoded decoded) implements Parsed {}

  /**
   * An event or ack that attachments follow.
   *
   * @param name null for an ack
   * @param ignored whether nobody can listen to it
   */
  record Header(
      int attachments,
      String namespace,
      long ackId,
      @Nullable String name,
      List<RawJson> args,
      boolean ignored)
      implements Parsed {

    Decoded decoded(List<byte[]> data) {
      if (ignored) {
        return IGNORED;
      }
      return new Decoded.Complete(
          name == null
              ? new SocketIo.Ack(namespace, ackId, args, data)
              : new SocketIo.Event(namespace, ackId, name, args, data));
    }
  }

  static Parsed parse(String message) {
    if (message.isEmpty()) {
      return malformed("empty packet");
    }
    try {
      return new SocketIoParser(message).packet();
    } catch (MalformedPayload e) {
      return malformed(e.reason());
    } catch (JacksonException e) {
      return malformed("broken JSON");
    }
  }

  private static Parsed malformed(String reason) {
    return new Whole(new Decoded.Malformed(reason));
  }

  private Parsed packet() {
    char type = message.charAt(0);
    return switch (type) {
      case '0' -> connect();
      case '1' -> disconnect();
      case '2', '3' -> eventOrAck(type == '2', 0);
      case '4' -> malformed("connect error from a client");
      case '5', '6' -> {
        int attachments = attachments();
        yield attachments < 1
            ? malformed("attachment count is not 1 to " + SocketIo.MAX_ATTACHMENTS)
            : eventOrAck(type == '5', attachments);
      }
      default -> malformed("unknown packet type");
    };
  }

  private Parsed connect() {
    String namespace = namespace();
    if (ackId() == BAD_ID) {
      return malformed("bad id");
    }
    if (at == message.length()) {
      return new Whole(new Decoded.Complete(new SocketIo.Connect(namespace, null)));
    }
    byte[] payload = payload();
    try (JsonParser parser = Json.parser(payload)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return malformed("auth is not an object");
      }
      RawJson auth = Json.value(parser, payload);
      Json.end(parser);
      return new Whole(new Decoded.Complete(new SocketIo.Connect(namespace, auth)));
    }
  }

  private Parsed disconnect() {
    String namespace = namespace();
    return at == message.length()
        ? new Whole(new Decoded.Complete(new SocketIo.Disconnect(namespace)))
        : malformed("disconnect with a payload");
  }

  private Parsed eventOrAck(boolean event, int attachments) {
    String namespace = namespace();
    long ackId = ackId();
    if (ackId == BAD_ID) {
      return malformed("bad ack id");
    }
    Header header =
        at == message.length()
            ? withoutPayload(event, attachments, namespace, ackId)
            : withPayload(event, attachments, namespace, ackId);
    return attachments == 0 ? new Whole(header.decoded(List.of())) : header;
  }

  private static Header withoutPayload(
      boolean event, int attachments, String namespace, long ackId) {
    boolean ignored = event || ackId == SocketIo.NO_ACK;
    return new Header(attachments, namespace, ackId, null, List.of(), ignored);
  }

  private Header withPayload(boolean event, int attachments, String namespace, long ackId) {
    byte[] payload = payload();
    try (JsonParser parser = Json.parser(payload)) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        throw new MalformedPayload("not an array");
      }
      String name = event ? name(parser) : null;
      List<RawJson> args = args(parser, payload, attachments);
      Json.end(parser);
      boolean ignored = event ? name == null : ackId == SocketIo.NO_ACK;
      return new Header(attachments, namespace, ackId, name, args, ignored);
    }
  }

  /** The event's name; null for a number. */
  private static @Nullable String name(JsonParser parser) {
    JsonToken token = parser.nextToken();
    if (token != null && token.isNumeric()) {
      return null;
    }
    if (token != JsonToken.VALUE_STRING) {
      throw new MalformedPayload("the event has no name");
    }
    String name = parser.getString();
    if (EventName.isReserved(name)) {
      throw new MalformedPayload("reserved event name");
    }
    return name;
  }

  private static List<RawJson> args(JsonParser parser, byte[] payload, int attachments) {
    List<RawJson> args = new ArrayList<>(2);
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (attachments == 0) {
        args.add(Json.value(parser, payload));
      } else {
        int start = (int) parser.currentTokenLocation().getByteOffset();
        Placeholders.check(parser, attachments);
        args.add(Json.slice(parser, payload, start));
      }
    }
    return args;
  }

  /** The digits up to {@code -}; -1 if that is not what stands there. */
  private int attachments() {
    int dash = message.indexOf('-');
    if (dash < 2 || dash > 3) {
      return -1;
    }
    int count = 0;
    while (at < dash) {
      char digit = message.charAt(at++);
      if (!isDigit(digit)) {
        return -1;
      }
      count = count * 10 + digit - '0';
    }
    at++;
    return count <= SocketIo.MAX_ATTACHMENTS ? count : -1;
  }

  private String namespace() {
    if (at == message.length() || message.charAt(at) != '/') {
      return SocketIo.MAIN_NAMESPACE;
    }
    int comma = message.indexOf(',', at);
    int end = comma < 0 ? message.length() : comma;
    String namespace = message.substring(at, end);
    at = Math.min(end + 1, message.length());
    return namespace;
  }

  private long ackId() {
    int start = at;
    while (at < message.length() && isDigit(message.charAt(at))) {
      at++;
    }
    if (at == start) {
      return SocketIo.NO_ACK;
    }
    return at - start > MAX_ID_DIGITS ? BAD_ID : Long.parseLong(message, start, at, 10);
  }

  private byte[] payload() {
    return message.substring(at).getBytes(StandardCharsets.UTF_8);
  }

  private static boolean isDigit(char character) {
    return character >= '0' && character <= '9';
  }
}
