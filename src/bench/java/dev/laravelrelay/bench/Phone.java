package dev.laravelrelay.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One client that speaks Socket.IO over WebSocket: says who it is with a JWT, answers pings as a
 * stock client does, and reports events. Used on the reactor's thread only.
 */
final class Phone implements Clients.Client, Reactor.Ready {

  private static final byte[] MASK = {0x11, 0x22, 0x33, 0x44};
  private static final byte[] PONG = frame("3");
  private static final int FIN_TEXT = 0x81;

  private final Phones phones;
  private final SocketChannel channel;
  private final byte[] join;
  private boolean upgraded;
  private byte[] rest;

  private Phone(Phones phones, SocketChannel channel, String token) {
    this.phones = phones;
    this.channel = channel;
    this.join = frame("40{\"token\":\"" + token + "\"}");
  }

  /** Starts connecting; the fleet is told when the server has let it in. */
  static Phone connect(Phones phones, InetSocketAddress from, InetSocketAddress to, String token)
      throws IOException {
    SocketChannel channel = SocketChannel.open();
    channel.configureBlocking(false);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    channel.setOption(StandardSocketOptions.SO_LINGER, 0);
    channel.bind(from);
    Phone phone = new Phone(phones, channel, token);
    boolean done = channel.connect(to);
    channel.register(
        phones.reactor().selector(), done ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT, phone);
    if (done) {
      phone.upgrade();
    }
    return phone;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  @Override
  public void listen(boolean reads) {
    channel.keyFor(phones.reactor().selector()).interestOps(reads ? SelectionKey.OP_READ : 0);
  }

  @Override
  public void run(SelectionKey key) throws IOException {
    if (key.isConnectable()) {
      channel.finishConnect();
      key.interestOps(SelectionKey.OP_READ);
      upgrade();
      return;
    }
    ByteBuffer in = phones.reactor().buffer.clear();
    if (rest != null) {
      in.put(rest);
    }
    if (channel.read(in) < 0) {
      throw new IOException("the server closed a session");
    }
    int parsed = upgraded ? frames(in.array(), 0, in.position()) : head(in);
    rest = parsed == in.position() ? null : Arrays.copyOfRange(in.array(), parsed, in.position());
  }

  private void upgrade() throws IOException {
    String request =
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
            + "Host: relay.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            + "User-Agent: okhttp/4.12.0\r\n\r\n";
    send(request.getBytes(StandardCharsets.ISO_8859_1));
  }

  private int head(ByteBuffer in) throws IOException {
    int end = Http.endOfHead(in.array(), in.position());
    if (end < 0) {
      return 0;
    }
    String status = new String(in.array(), 9, 3, StandardCharsets.ISO_8859_1);
    if (!status.equals("101")) {
      throw new IOException("the upgrade was answered with " + status);
    }
    upgraded = true;
    return frames(in.array(), end, in.position());
  }

  /** Reads whole frames; returns the index behind the last. */
  private int frames(byte[] in, int from, int end) throws IOException {
    int at = from;
    while (end - at >= 2) {
      int length = in[at + 1] & 0x7F;
      int start = at + 2;
      if (length == 126) {
        if (end - at < 4) {
          break;
        }
        length = (in[at + 2] & 0xFF) << 8 | in[at + 3] & 0xFF;
        start = at + 4;
      }
      if (end - start < length) {
        break;
      }
      if ((in[at] & 0xFF) != FIN_TEXT) {
        throw new IOException("a frame that is no text: " + (in[at] & 0xFF));
      }
      message(in, start, start + length);
      at = start + length;
    }
    return at;
  }

  private void message(byte[] in, int start, int end) throws IOException {
    switch (in[start]) {
      case '0' -> send(join);
      case '2' -> send(PONG);
      case '4' -> {
        switch (in[start + 1]) {
          case '2' -> phones.event(in, end);
          case '0' -> {
            phones.joined();
          }
          default ->
              throw new IOException(
                  "not let in: " + new String(in, start, end - start, StandardCharsets.UTF_8));
        }
      }
      default -> {}
    }
  }

  private void send(byte[] bytes) throws IOException {
    ByteBuffer out = ByteBuffer.wrap(bytes);
    while (out.hasRemaining()) {
      channel.write(out);
    }
  }

  private static byte[] frame(String text) {
    byte[] payload = text.getBytes(StandardCharsets.UTF_8);
    ByteBuffer frame = ByteBuffer.allocate(payload.length + 8).put((byte) FIN_TEXT);
    if (payload.length < 126) {
      frame.put((byte) (0x80 | payload.length));
    } else {
      frame.put((byte) (0x80 | 126)).putShort((short) payload.length);
    }
    frame.put(MASK);
    for (int i = 0; i < payload.length; i++) {
      frame.put((byte) (payload[i] ^ MASK[i & 3]));
    }
    return Arrays.copyOf(frame.array(), frame.position());
  }
}
