package dev.laravelrelay.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** One kept-alive HTTP connection with at most one request under way. */
final class Caller implements Reactor.Ready {

  private final Callers callers;
  private final SocketChannel channel;
  private Reactor reactor;
  private volatile long due;
  private byte[] rest = new byte[0];

  Caller(Callers callers, InetSocketAddress server) throws IOException {
    this.callers = callers;
    this.channel = SocketChannel.open(server);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    channel.configureBlocking(false);
  }

  void register(Reactor by) throws IOException {
    reactor = by;
    channel.register(by.selector(), SelectionKey.OP_READ, this);
  }

  /** From the one thread that holds this caller. */
  void send(byte[] request, long intended) throws IOException {
    due = intended;
    ByteBuffer out = ByteBuffer.wrap(request);
    while (out.hasRemaining()) {
      channel.write(out);
    }
  }

  @Override
  public void run(SelectionKey key) throws IOException {
    ByteBuffer in = reactor.buffer.clear().put(rest);
    if (channel.read(in) < 0) {
      throw new IOException("the server closed an HTTP connection");
    }
    byte[] bytes = in.array();
    int head = Http.endOfHead(bytes, in.position());
    if (head < 0 || !Http.isWhole(bytes, head, in.position())) {
      rest = Arrays.copyOf(bytes, in.position());
      return;
    }
    if (bytes[9] != '2') {
      throw new IOException(new String(bytes, 0, in.position(), StandardCharsets.UTF_8));
    }
    rest = new byte[0];
    callers.answered(this, due);
  }

  void close() throws IOException {
    channel.close();
  }
}
