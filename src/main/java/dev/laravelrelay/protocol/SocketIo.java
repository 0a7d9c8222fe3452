package dev.laravelrelay.protocol;

import dev.laravelrelay.event.RawJson;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Socket.IO 5: packets to frames and back. Source: the socket.io-protocol repository, version 5,
 * and the behaviour of socket.io-parser 4.2. The encoders are stateless and may be called from any
 * thread; every text frame begins with Engine.IO's {@code 4}.
 */
public final class SocketIo {

  /** The namespace that is left out on the wire. */
  public static final String MAIN_NAMESPACE = "/";

  /** How many attachments a packet may have. */
  public static final int MAX_ATTACHMENTS = 10;

  /** The {@code ackId} of an event that asks for none. */
  public static final long NO_ACK = -1;

  private static final byte[] NO_NAME = {};

  private SocketIo() {}

  /** One packet from a client. */
  public sealed interface Packet permits Connect, Disconnect, Event, Ack {

    /** The namespace, {@code /} or what the client named. */
    String namespace();
  }

  /**
   * The client joins a namespace.
   *
   * @param auth an object, or null if there was none
   */
  public record Connect(String namespace, @Nullable RawJson auth) implements Packet {}

  /** The client leaves a namespace. */
  public record Disconnect(String namespace) implements Packet {}

  /**
   * An event.
   *
   * @param ackId {@link #NO_ACK} if no answer is asked for
   * @param args without the name; where attachments belong they hold {@code
   *     {"_placeholder":true,"num":n}}, with n in the range of the attachments
   */
  public record Event(
      String namespace, long ackId, String name, List<RawJson> args, List<byte[]> attachments)
      implements Packet {}

  /** The answer to an event that the server sent; for {@code args} see {@link Event}. */
  public record Ack(String namespace, long ackId, List<RawJson> args, List<byte[]> attachments)
      implements Packet {}

  /** What a message brought. */
  public sealed interface Decoded {

    /** A packet is whole. */
    record Complete(Packet packet) implements Decoded {}

    /** Attachments are missing: the next messages must be binary. */
    record Incomplete() implements Decoded {}

    /** Well-formed, and nobody can listen to it: an event named by a number, or not at all. */
    record Ignored() implements Decoded {}

    /** The connection is to be closed. */
    record Malformed(String reason) implements Decoded {}
  }

  /**
   * Puts the packets of one connection together. Checks all that can be known without the state of
   * its namespaces. Used on the connection's loop only; holds nothing between packets.
   */
  public static final class Decoder {

    private static final Decoded INCOMPLETE = new Decoded.Incomplete();

    private final int maxAttachmentBytes;
    private @Nullable PendingPacket pending;

    /**
     * @param maxAttachmentBytes that one packet's attachments may have together
     */
    public Decoder(int maxAttachmentBytes) {
      this.maxAttachmentBytes = maxAttachmentBytes;
    }

    /** A text message, without Engine.IO's {@code 4}. */
    public Decoded text(String message) {
      if (pending != null) {
        return malformed("text where an attachment is due");
      }
      return switch (SocketIoParser.parse(message)) {
        case SocketIoParser.Whole whole -> whole.decoded();
        case SocketIoParser.Header header -> {
          pending = new PendingPacket(header);
          yield INCOMPLETE;
        }
      };
    }

    /** A binary message. The array is the decoder's from now on. */
    public Decoded binary(byte[] data) {
      if (pending == null) {
        return malformed("an attachment that is not due");
      }
      if (!pending.add(data, maxAttachmentBytes)) {
        return malformed("attachments too large");
      }
      if (!pending.isWhole()) {
        return INCOMPLETE;
      }
      Decoded whole = pending.decoded();
      pending = null;
      return whole;
    }

    private Decoded malformed(String reason) {
      pending = null;
      return new Decoded.Malformed(reason);
    }
  }

  /** An event with one argument: {@code 42["name",data]}. */
  public static Frame event(String namespace, String name, RawJson data) {
    return packet("42", namespace, NO_ACK, Json.quote(name), List.of(data));
  }

  /** An event with its offset as last argument: for clients that use connection state recovery. */
  public static Frame eventWithOffset(String namespace, String name, RawJson data, String offset) {
    byte[] last = Json.quote(offset);
    return packet(
        "42",
        namespace,
        NO_ACK,
        Json.quote(name),
        List.of(data, RawJson.slice(last, 0, last.length)));
  }

  /**
   * An event as its frames: the text, then one for each attachment.
   *
   * @param ackId {@link #NO_ACK}, or what the client is to answer with: at most 2147483647
   * @param args with placeholders where the attachments belong
   */
  public static List<Frame> event(
      String namespace, long ackId, String name, List<RawJson> args, List<byte[]> attachments) {
    String type = attachments.isEmpty() ? "42" : "45" + attachments.size() + "-";
    return frames(packet(type, namespace, ackId, Json.quote(name), args), attachments);
  }

  /** The answer to an event that asked for one, as its frames. */
  public static List<Frame> ack(
      String namespace, long ackId, List<RawJson> args, List<byte[]> attachments) {
    String type = attachments.isEmpty() ? "43" : "46" + attachments.size() + "-";
    return frames(packet(type, namespace, ackId, NO_NAME, args), attachments);
  }

  /**
   * The answer to a CONNECT: the client is in.
   *
   * @param pid what the client resumes with; null if it cannot
   */
  public static Frame connected(String namespace, String sid, @Nullable String pid) {
    String tail = pid == null ? "}" : ",\"pid\":" + quoted(pid) + "}";
    return Frame.text(head("40", namespace) + "{\"sid\":" + quoted(sid) + tail);
  }

  /** The answer to a CONNECT: refused. A stock client stays away until its application connects. */
  public static Frame connectError(String namespace, String message, @Nullable RawJson data) {
    String tail = data == null ? "}" : ",\"data\":" + data + "}";
    return Frame.text(head("44", namespace) + "{\"message\":" + quoted(message) + tail);
  }

  /** The client is out. A stock client never comes back by itself. */
  public static Frame disconnect(String namespace) {
    return Frame.text(head("41", namespace));
  }

  private static List<Frame> frames(Frame text, List<byte[]> attachments) {
    List<Frame> frames = new ArrayList<>(1 + attachments.size());
    frames.add(text);
    attachments.forEach(attachment -> frames.add(Frame.binary(attachment)));
    return frames;
  }

  private static String head(String type, String namespace) {
    return namespace.equals(MAIN_NAMESPACE) ? type : type + namespace + ",";
  }

  private static String quoted(String text) {
    return new String(Json.quote(text), StandardCharsets.UTF_8);
  }

  private static Frame packet(
      String type, String namespace, long ackId, byte[] name, List<RawJson> args) {
    String start = head(type, namespace);
    byte[] head = (ackId < 0 ? start : start + ackId).getBytes(StandardCharsets.UTF_8);
    int elements = args.size() + (name.length > 0 ? 1 : 0);
    int length = head.length + 1 + name.length + Math.max(0, elements - 1) + 1;
    for (RawJson arg : args) {
      length += arg.length();
    }
    FrameBuilder frame = new FrameBuilder(length).put(head).put('[').put(name);
    boolean first = name.length == 0;
    for (RawJson arg : args) {
      if (!first) {
        frame.put(',');
      }
      frame.put(arg);
      first = false;
    }
    return frame.put(']').build();
  }
}
