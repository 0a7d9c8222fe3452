package dev.laravelrelay.e2e.conformance;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A few clients' visits to a server that nobody else uses. A fresh JVM takes longer for its first
 * handshake than the suites' ping interval of 300 ms.
 */
final class WarmUp {

  private static final int VISITS = 20;
  private static final Pattern SID = Pattern.compile("\"sid\":\"([^\"]+)\"");

  private final HttpClient http = HttpClient.newHttpClient();
  private final String host;

  private WarmUp(int port) {
    this.host = "127.0.0.1:" + port;
  }

  static void of(int port) throws IOException, InterruptedException {
    WarmUp warmUp = new WarmUp(port);
    try (HttpClient _ = warmUp.http) {
      for (int visit = 0; visit < VISITS; visit++) {
        warmUp.poll();
        warmUp.webSocket();
      }
    }
  }

  private void poll() throws IOException, InterruptedException {
    String url = "http://" + host + "/socket.io/?EIO=4&transport=polling";
    Matcher sid = SID.matcher(send(HttpRequest.newBuilder(URI.create(url))));
    if (!sid.find()) {
      throw new IOException("no session id at " + url);
    }
    String session = url + "&sid=" + sid.group(1);
    post(session, "40");
    send(HttpRequest.newBuilder(URI.create(session)));
    post(session, "421[\"message-with-ack\",1,{\"2\":[true]}]\u001e3");
    send(HttpRequest.newBuilder(URI.create(session)));
    post(session, "1");
  }

  private void post(String url, String body) throws IOException, InterruptedException {
    send(HttpRequest.newBuilder(URI.create(url)).POST(BodyPublishers.ofString(body)));
  }

  private String send(HttpRequest.Builder request) throws IOException, InterruptedException {
    return http.send(request.timeout(Duration.ofSeconds(10)).build(), BodyHandlers.ofString())
        .body();
  }

  private void webSocket() throws InterruptedException {
    CountDownLatch answers = new CountDownLatch(4); // open packet, CONNECT, auth, message-back
    WebSocket client =
        http.newWebSocketBuilder()
            .buildAsync(
                URI.create("ws://" + host + "/socket.io/?EIO=4&transport=websocket"),
                new WebSocket.Listener() {
                  @Override
                  public CompletionStage<?> onText(
                      WebSocket socket, CharSequence text, boolean last) {
                    answers.countDown();
                    socket.request(1);
                    return null;
                  }
                })
            .join();
    client.sendText("40{\"token\":\"1\"}", true).join();
    client.sendText("42[\"message\",\"hello\"]", true).join();
    if (!answers.await(10, TimeUnit.SECONDS)) {
      throw new IllegalStateException("the server did not answer its first client");
    }
    client.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
  }
}
