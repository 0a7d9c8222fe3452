package dev.laravelrelay.protocol;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Engine.IO 4: packets and polling payloads to values and back. Source: the engine.io-protocol
 * repository, version 4, and the behaviour of engine.io 6.6. Stateless; from any thread.
 */
public final class EngineIo {

  /** The heartbeat; a client answers {@code 3}. */
  public static final Frame PING = Frame.text("2");

  /** Releases a poll. */
  public static final Frame NOOP = Frame.text("6");

  /** Ends a session; heeded by clients on polling, ignored by those on a WebSocket. */
  public static final Frame CLOSE = Frame.text("1");

  /** Answers a probe: the client may upgrade. */
  public static final Frame PONG_PROBE = Frame.text("3probe");

  /** No packet at all: what makes a stock client on a WebSocket drop it at once and come back. */
  public static final Frame INVALID = Frame.text("7");

  private static final char SEPARATOR = '\u001e';

  private EngineIo() {}

  /** The first character of a text packet. */
  public enum PacketType {
    OPEN('0'),
    CLOSE('1'),
    PING('2'),
    PONG('3'),
    MESSAGE('4'),
    UPGRADE('5'),
    NOOP('6');

    private static final List<PacketType> ALL = List.of(values());

    private final char digit;

    PacketType(char digit) {
      this.digit = digit;
    }

    /** {@code '0'} to {@code '6'}. */
    public char digit() {
      return digit;
    }

    static @Nullable PacketType of(char digit) {
      int index = digit - '0';
      return index >= 0 && index < ALL.size() ? ALL.get(index) : null;
    }
  }

  /** One packet. */
  public sealed interface Packet permits Text, Binary {}

  /**
   * A packet with a type.
   *
   * @param data what follows the type; may be empty
   */
  public record Text(PacketType type, String data) implements Packet {}

  /** A binary message. The array is the receiver's. */
  @SuppressWarnings("ArrayRecordComponent")
  public record Binary(byte[] data) implements Packet {}

  /** What a client's bytes were. */
  public sealed interface Decoded {

    /** At least one packet, in order. */
    record Packets(List<Packet> packets) implements Decoded {}

    /** Not Engine.IO: the session is to be closed. None of the packets beside it is handled. */
    record Malformed(String reason) implements Decoded {}
  }

  /**
   * The body of a POST. Base64 may hold line breaks: the Java client sends one after each 76
   * characters.
   */
  public static Decoded decodePayload(String body) {
    List<Packet> packets = new ArrayList<>();
    int start = 0;
    while (true) {
      int end = body.indexOf(SEPARATOR, start);
      switch (packet(end < 0 ? body.substring(start) : body.substring(start, end))) {
        case Decoded.Malformed malformed -> {
          return malformed;
        }
        case Decoded.Packets one -> packets.addAll(one.packets());
      }
      if (end < 0) {
        return new Decoded.Packets(packets);
      }
      start = end + 1;
    }
  }

  /** One text message of a WebSocket: one packet, or malformed. */
  public static Decoded decodeText(String message) {
    return packet(message);
  }

  private static Decoded packet(String text) {
    if (text.isEmpty()) {
      return new Decoded.Malformed("empty packet");
    }
    if (text.charAt(0) == 'b') {
      return base64(text.substring(1));
    }
    PacketType type = PacketType.of(text.charAt(0));
    return type == null
        ? new Decoded.Malformed("unknown packet type")
        : new Decoded.Packets(List.of(new Text(type, text.substring(1))));
  }

  private static Decoded base64(String text) {
    try {
      byte[] data = Base64.getMimeDecoder().decode(text);
      return new Decoded.Packets(List.of(new Binary(data)));
    } catch (IllegalArgumentException e) {
      return new Decoded.Malformed("broken base64");
    }
  }

  /**
   * The first packet of a session.
   *
   * @param upgradable whether a WebSocket is offered: on polling only
   * @param maxPayload bytes that one POST or one WebSocket message may have
   */
  public static String openPacket(
      String sid, boolean upgradable, long pingIntervalMs, long pingTimeoutMs, int maxPayload) {
    return """
        0{"sid":"%s","upgrades":[%s],"pingInterval":%d,"pingTimeout":%d,"maxPayload":%d}"""
        .formatted(
            sid, upgradable ? "\"websocket\"" : "", pingIntervalMs, pingTimeoutMs, maxPayload);
  }

  /** The body of a poll's answer, in UTF-8. */
  public static byte[] encodePayload(List<Frame> frames) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(payloadLength(frames));
    for (Frame frame : frames) {
      if (out.size() > 0) {
        out.write(SEPARATOR);
      }
      if (frame.isBinary()) {
        out.write('b');
        write(out, Base64.getEncoder().encode(frame.payload()));
      } else {
        write(out, frame.payload());
      }
    }
    return out.toByteArray();
  }

  private static void write(ByteArrayOutputStream out, ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    out.writeBytes(bytes);
  }

  private static int payloadLength(List<Frame> frames) {
    int length = 0;
    for (Frame frame : frames) {
      length += frame.isBinary() ? 2 + (frame.size() + 2) / 3 * 4 : 1 + frame.size();
    }
    return length;
  }

  /** Why a request is refused, in the words of engine.io's {@code Server.errorMessages}. */
  public enum Refusal {
    TRANSPORT_UNKNOWN(0, "Transport unknown", 400),
    SESSION_UNKNOWN(1, "Session ID unknown", 400),
    BAD_HANDSHAKE_METHOD(2, "Bad handshake method", 400),
    BAD_REQUEST(3, "Bad request", 400),
    FORBIDDEN(4, "Forbidden", 403),
    UNSUPPORTED_VERSION(5, "Unsupported protocol version", 400);

    private final int code;
    private final String message;
    private final int status;

    Refusal(int code, String message, int status) {
      this.code = code;
      this.message = message;
      this.status = status;
    }

    /** Engine.IO's number for it. */
    public int code() {
      return code;
    }

    /** Engine.IO's words for it. */
    public String message() {
      return message;
    }

    /** The HTTP status. */
    public int status() {
      return status;
    }

    /** The answer's body, JSON. */
    public byte[] body() {
      return "{\"code\":%d,\"message\":\"%s\"}"
          .formatted(code, message)
          .getBytes(StandardCharsets.UTF_8);
    }
  }
}
