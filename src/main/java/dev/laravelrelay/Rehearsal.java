package dev.laravelrelay;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

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

  static void run(int socketPort, int apiPort) throws IOException {
    try (Socket api = connect(apiPort);
        Socket client = connect(socketPort)) {
      send(api, READY);
      await(api, "ok");
      join(client);
      for (int i = 0; i < EVENTS; i++) {
        send(api, EMIT);
        await(api, "\"sent\"");
        await(client, "rehearsal");
      }
    }
  }

  private static void join(Socket client) throws IOException {
    send(client, UPGRADE);
    await(client, "pingInterval");
    String connect = "40{\"token\":\"1\"}";
    byte[] frame = new byte[6 + connect.length()]; // masked with zeros: RFC 6455, 5.2
    frame[0] = (byte) 0x81;
    frame[1] = (byte) (0x80 | connect.length());
    System.arraycopy(connect.getBytes(StandardCharsets.US_ASCII), 0, frame, 6, connect.length());
    client.getOutputStream().write(frame);
    await(client, "40{\"sid\"");
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
