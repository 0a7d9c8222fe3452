package dev.laravelrelay;

import dev.laravelrelay.auth.JwtIssuer;
import dev.laravelrelay.config.AuthConfig;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;

/**
 * What {@code serve --rehearse} does in place of serving: it asks its relay whether it is ready,
 * lets a client in, sends it events, and is done. The JVM that is to make an AOT cache learns from
 * it what the next start needs. For {@code --dev} only.
 */
final class Rehearsal {

  private static final int EVENTS = 300;
  private static final int PATIENCE_MILLIS = 10_000;
  private static final String READY = "GET /health/ready HTTP/1.1\r\nHost: relay\r\n\r\n";

  private static final String EMIT =
      lines(
          "POST /api/emit HTTP/1.1",
          "Host: relay",
          "Authorization: Bearer dev-key",
          "Content-Type: application/json",
          "Content-Length: 52",
          "",
          "{'user':1,'event':'rehearsal','data':{'number':1.5}}".replace('\'', '"'));
  private static final String UPGRADE =
      lines(
          "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
          "Host: relay",
          "Connection: Upgrade",
          "Upgrade: websocket",
          "Sec-WebSocket-Version: 13",
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
          "",
          "");

  private Rehearsal() {}

  static void run(AuthConfig auth, int socketPort, int apiPort) throws IOException {
    String user = "1";
    String token =
        auth.jwtSecret()
            .map(secret -> JwtIssuer.issue(secret, user, Duration.ofMinutes(1), Instant.now()))
            .orElse(user);
    try (Socket api = connect(apiPort);
        Socket client = connect(socketPort)) {
      send(api, READY);
      await(api, "ok");
      join(client, token);
      for (int i = 0; i < EVENTS; i++) {
        send(api, EMIT);
        await(api, "\"sent\"");
        await(client, "rehearsal");
      }
    }
  }

  private static void join(Socket client, String token) throws IOException {
    send(client, UPGRADE);
    await(client, "pingInterval");
    String connect = "40{\"token\":\"" + token + "\"}";
    client.getOutputStream().write(frame(connect.getBytes(StandardCharsets.US_ASCII)));
    await(client, "40{\"sid\"");
  }

  /** A text masked with zeros: RFC 6455, 5.2. */
  private static byte[] frame(byte[] text) {
    ByteBuffer frame = ByteBuffer.allocate(8 + text.length).put((byte) 0x81);
    if (text.length < 126) {
      frame.put((byte) (0x80 | text.length));
    } else {
      frame.put((byte) (0x80 | 126)).putShort((short) text.length);
    }
    return Arrays.copyOf(frame.putInt(0).put(text).array(), frame.position());
  }

  private static String lines(String... lines) {
    return String.join("\r\n", lines);
  }

  private static Socket connect(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
  }

  /** Reads until these words have come. */
  private static void await(Socket socket, String words) throws IOException {
    InputStream in = socket.getInputStream();
    StringBuilder come = new StringBuilder();
    byte[] buffer = new byte[4_096];
    while (come.indexOf(words) < 0) {
      int read = in.read(buffer);
      if (read < 0) {
        throw new IOException("the relay closed the connection before it said " + words);
      }
      come.append(new String(buffer, 0, read, StandardCharsets.ISO_8859_1));
    }
  }
}
