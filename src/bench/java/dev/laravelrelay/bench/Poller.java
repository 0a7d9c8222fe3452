package dev.laravelrelay.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One client that speaks Socket.IO over long polling, with one connection for its polls and one for
 * what it posts, as a stock client has. Used on the reactor's thread only.
 */
final class Poller implements Clients.Client {

  private static final int SEPARATOR = 0x1E;
  private static final Pattern SID = Pattern.compile("\"sid\":\"([^\"]+)\"");

  private final Phones phones;
  private final String token;
  private final Wire polls;
  private final Wire posts;
  private String sid = "";

  private Poller(Phones phones, InetSocketAddress from, InetSocketAddress to, String token)
      throws IOException {
    this.phones = phones;
    this.token = token;
    this.polls = new Wire(from, to, this::polled);
    this.posts = new Wire(from, to, (in, start, end) -> {});
  }

  static Poller connect(Phones phones, InetSocketAddress from, InetSocketAddress to, String token)
      throws IOException {
    Poller poller = new Poller(phones, from, to, token);
    poller.poll();
    return poller;
  }

  @Override
  public void close() throws IOException {
    polls.channel.close();
    posts.channel.close();
  }

  @Override
  public void listen(boolean reads) {
    polls.channel.keyFor(phones.reactor().selector()).interestOps(reads ? SelectionKey.OP_READ : 0);
  }

  private void poll() throws IOException {
    polls.send("GET " + path() + " HTTP/1.1\r\nHost: relay.example.com\r\n\r\n");
  }

  private void post(String packet) throws IOException {
    posts.send(
        "POST %s HTTP/1.1\r\nHost: relay.example.com\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s"
            .formatted(path(), packet.length(), packet));
  }

  private String path() {
    return "/socket.io/?EIO=4&transport=polling" + (sid.isEmpty() ? "" : "&sid=" + sid);
  }

  private void polled(byte[] in, int start, int end) throws IOException {
    int from = start;
    for (int i = start; i <= end; i++) {
      if (i == end || in[i] == SEPARATOR) {
        packet(in, from, i);
        from = i + 1;
      }
    }
    poll();
  }

  private void packet(byte[] in, int start, int end) throws IOException {
    switch (in[start]) {
      case '0' -> {
        Matcher found = SID.matcher(new String(in, start, end - start, StandardCharsets.UTF_8));
        if (!found.find()) {
          throw new IOException("no sid");
        }
        sid = found.group(1);
        post("40{\"token\":\"" + token + "\"}");
      }
      case '2' -> post("3");
      case '4' -> {
        switch (in[start + 1]) {
          case '2' -> phones.event(in, end);
          case '0' -> phones.joined();
          default -> throw new IOException("not let in");
        }
      }
      default -> {}
    }
  }

  @FunctionalInterface
  private interface Body {
    void read(byte[] in, int start, int end) throws IOException;
  }

  /**
   * A kept-alive connection with one request under way; what is to be sent meanwhile waits. A
   * server may close it after any answer (Node does after 5 idle seconds, netty-socketio at once):
   * then the request is sent on a new one, as the stock clients' HTTP libraries do.
   */
  private final class Wire implements Reactor.Ready {

    private final InetSocketAddress from;
    private final InetSocketAddress to;
    private final Body body;
    private final ArrayDeque<String> waiting = new ArrayDeque<>(1);
    private SocketChannel channel;
    private boolean answered;
    private String request = "";
    private byte[] rest = {};

    Wire(InetSocketAddress from, InetSocketAddress to, Body body) throws IOException {
      this.from = from;
      this.to = to;
      this.body = body;
      this.channel = open();
    }

    private SocketChannel open() throws IOException {
      SocketChannel opened = SocketChannel.open();
      opened.setOption(StandardSocketOptions.TCP_NODELAY, true);
      opened.setOption(StandardSocketOptions.SO_LINGER, 0);
      opened.bind(from);
      opened.connect(to);
      opened.configureBlocking(false);
      opened.register(phones.reactor().selector(), SelectionKey.OP_READ, this);
      answered = false;
      return opened;
    }

    void send(String next) throws IOException {
      if (isAwaiting()) {
        waiting.add(next);
        return;
      }
      request = next;
      if (!channel.isOpen()) {
        channel = open();
      }
      try {
        write();
      } catch (IOException closed) {
        again(closed);
      }
    }

    private boolean isAwaiting() {
      return !request.isEmpty();
    }

    private void write() throws IOException {
      ByteBuffer out = ByteBuffer.wrap(request.getBytes(StandardCharsets.ISO_8859_1));
      while (out.hasRemaining()) {
        channel.write(out);
      }
    }

    /** Sends the request on a new connection, unless the old one has never answered any. */
    private void again(IOException closed) throws IOException {
      channel.close();
      if (!answered || rest.length > 0) {
        throw closed;
      }
      channel = open();
      write();
    }

    @Override
    public void run(SelectionKey key) throws IOException {
      ByteBuffer in = phones.reactor().buffer.clear().put(rest);
      try {
        if (channel.read(in) < 0) {
          throw new IOException("the server closed a polling session");
        }
      } catch (IOException closed) {
        if (isAwaiting()) {
          again(closed);
        } else {
          channel.close();
        }
        return;
      }
      byte[] bytes = in.array();
      int end = in.position();
      int head = Http.endOfHead(bytes, end);
      if (head < 0 || !Http.isWhole(bytes, head, end)) {
        rest = Arrays.copyOf(bytes, end);
        return;
      }
      rest = new byte[0];
      request = "";
      answered = true;
      if (bytes[9] != '2') {
        throw new IOException(new String(bytes, 0, end, StandardCharsets.UTF_8));
      }
      byte[] answer = Arrays.copyOfRange(bytes, head, end);
      String next = waiting.poll();
      if (next != null) {
        send(next);
      }
      body.read(answer, 0, answer.length);
    }
  }
}
