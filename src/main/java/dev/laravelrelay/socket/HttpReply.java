package dev.laravelrelay.socket;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;

/** Writes one answer to an HTTP request on the public port. */
record HttpReply(Channel channel, HttpHeaders cors, boolean keepAlive) {

  static final String TEXT = "text/plain; charset=UTF-8";
  static final String HTML = "text/html";
  static final String JSON = "application/json";

  void send(HttpResponseStatus status, String contentType, byte[] body) {
    DefaultFullHttpResponse response =
        new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, Unpooled.wrappedBuffer(body));
    HttpHeaders headers = response.headers();
    headers.set(cors);
    if (status.code() != HttpResponseStatus.NO_CONTENT.code()) {
      headers.set(HttpHeaderNames.CONTENT_TYPE, contentType);
      headers.set(HttpHeaderNames.CONTENT_LENGTH, body.length);
    }
    headers.set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE);
    if (keepAlive) {
      channel.writeAndFlush(response, channel.voidPromise());
    } else {
      headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
      channel.writeAndFlush(response).addListener(LingeringClose.AFTER_WRITE);
    }
  }

  void send(HttpResponseStatus status, String contentType, String body) {
    send(status, contentType, body.getBytes(StandardCharsets.UTF_8));
  }
}
