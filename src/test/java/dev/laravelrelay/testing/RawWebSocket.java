package dev.laravelrelay.testing;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A WebSocket client that sends any frame, also wrong ones, and answers nothing by itself. */
public final class RawWebSocket implements AutoCloseable {

  public static final int CONTINUATION = 0;
  public static final int TEXT = 1;
  public static final int BINARY = 2;
  public static final int CLOSE = 8;
  public static final int PING = 9;
  public static final int PONG = 10;

  /** The end of the TCP connection, as if it were a frame. */
  public static final int END = -1;

  /** What the server sent. */
  public record Frame(int opcode, byte[] payload) {

    public String text() {
      return new String(payload, StandardCharsets.UTF_8);
    }

    /** Of a close frame; 1005 if it names none. */
    public int code() {
      return payload.length < 2 ? 1005 : ByteBuffer.wrap(payload).getShort() & 0xFFFF;
    }
  }

  private static final String UPGRADE =
      "GET %s HTTP/1.1\r\nHost: relay\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n";

  private final RawHttp http;
  private final RawHttp.Answer handshake;

  public RawWebSocket(int port, String uri, String... headers) {
    this(port, uri, new byte[0], headers);
  }

  /** Sends bytes right behind the request, before its answer. */
  public RawWebSocket(int port, String uri, byte[] early, String... headers) {
    this(new RawHttp(port), uri, early, headers);
  }

  private RawWebSocket(RawHttp http, String uri, byte[] early, String... headers) {
    this.http = http;
    String more = headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n";
    byte[] head = UPGRADE.formatted(uri, more).getBytes(StandardCharsets.UTF_8);
    http.write(ByteBuffer.allocate(head.length + early.length).put(head).put(early).array());
    handshake = http.answer();
  }

  /** Whose system keeps little unread. */
  public static RawWebSocket narrow(int port, String uri) {
    return new RawWebSocket(new RawHttp(port, 4_096), uri, new byte[0]);
  }

  public RawHttp.Answer handshake() {
    return handshake;
  }

  public void text(String message) {
    http.write(frame(true, TEXT, true, message.getBytes(StandardCharsets.UTF_8)));
  }

  public void binary(byte... message) {
    http.write(frame(true, BINARY, true, message));
  }

  /** A whole, masked frame. */
  public void frame(int opcode, byte... payload) {
    http.write(frame(true, opcode, true, payload));
  }

  /** A frame that is not the last of its message. */
  public void fragment(int opcode, byte... payload) {
    http.write(frame(false, opcode, true, payload));
  }

  public void write(byte[] bytes) {
    http.write(bytes);
  }

  public static byte[] frame(boolean last, int opcode, boolean masked, byte[] payload) {
    int extended = payload.length < 126 ? 0 : payload.length < 65_536 ? 2 : 8;
    ByteBuffer frame = ByteBuffer.allocate(2 + extended + (masked ? 4 : 0) + payload.length);
    frame.put((byte) ((last ? 0x80 : 0) | opcode));
    int mask = masked ? 0x80 : 0;
    switch (extended) {
      case 0 -> frame.put((byte) (mask | payload.length));
      case 2 -> frame.put((byte) (mask | 126)).putShort((short) payload.length);
      default -> frame.put((byte) (mask | 127)).putLong(payload.length);
    }
    byte[] key = {1, 2, 3, 4};
    if (masked) {
      frame.put(key);
    }
    for (int i = 0; i < payload.length; i++) {
      frame.put((byte) (masked ? payload[i] ^ key[i % 4] : payload[i]));
    }
    return frame.array();
  }

  /** Waits for a frame, or for the end. */
  public Frame next() {
    InputStream in = http.in();
    try {
      int first = in.read();
      if (first < 0) {
        return new Frame(END, new byte[0]);
      }
      int length = in.read();
      if (length == 126) {
        length = ByteBuffer.wrap(in.readNBytes(2)).getShort() & 0xFFFF;
      } else if (length == 127) {
        length = (int) ByteBuffer.wrap(in.readNBytes(8)).getLong();
      }
      byte[] payload = in.readNBytes(length);
      if (payload.length < length) {
        throw new EOFException();
      }
      return new Frame(first & 0x0F, payload);
    } catch (SocketException e) {
      return new Frame(END, new byte[0]);
    } catch (IOException e) {
      throw new AssertionError("no frame", e);
    }
  }

  /** Waits for a text message. */
  public String text() {
    Frame frame = next();
    if (frame.opcode() != TEXT) {
      throw new AssertionError("no text, but opcode " + frame.opcode() + ": " + frame.text());
    }
    return frame.text();
  }

  /** Everything up to the end of the TCP connection. */
  public List<Frame> rest() {
    List<Frame> rest = new ArrayList<>();
    for (Frame frame = next(); frame.opcode() != END; frame = next()) {
      rest.add(frame);
    }
    return rest;
  }

  public void reset() {
    http.reset();
  }

  @Override
  public void close() {
    http.close();
  }
}
