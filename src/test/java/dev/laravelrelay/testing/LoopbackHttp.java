package dev.laravelrelay.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

/** A real HTTP server on a free loopback port: it notes each request and answers as told. */
public final class LoopbackHttp implements AutoCloseable {

  /** A request as it came; names of headers in lower case. */
  public record Request(String method, String path, Map<String, String> headers, String body) {}

  /** What is answered to a request that has been noted. */
  @FunctionalInterface
  public interface Reply {
    void to(HttpExchange exchange) throws Exception;
  }

  private static final ThreadLocal<Request> ANSWERED = new ThreadLocal<>();

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final HttpServer server;
  private volatile Reply reply;

  public LoopbackHttp(Reply reply) throws IOException {
    this.reply = reply;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  /** A whole answer. */
  public static Reply reply(int status, String contentType, String body) {
    return exchange -> {
      exchange.getResponseHeaders().set("Content-Type", contentType);
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
      exchange.getResponseBody().write(bytes);
    };
  }

  /** A whole answer in JSON. */
  public static Reply json(int status, String body) {
    return reply(status, "application/json", body);
  }

  /** Answers so from now on. */
  public void answer(Reply next) {
    reply = next;
  }

  /** The request that the calling {@link Reply} answers. */
  public static Request answered() {
    return ANSWERED.get();
  }

  /** All requests so far. */
  public List<Request> requests() {
    return List.copyOf(requests);
  }

  public URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  private void handle(HttpExchange exchange) {
    try (exchange) {
      Request request =
          new Request(
              exchange.getRequestMethod(),
              exchange.getRequestURI().toString(),
              exchange.getRequestHeaders().entrySet().stream()
                  .collect(
                      Collectors.toMap(
                          e -> e.getKey().toLowerCase(java.util.Locale.ROOT),
                          e -> String.join(", ", e.getValue()))),
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
      requests.add(request);
      ANSWERED.set(request);
      reply.to(exchange);
    } catch (Exception e) {
      // The client has gone, or the reply is meant to fail: the connection is dropped.
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
