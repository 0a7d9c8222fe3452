package dev.laravelrelay.socket;

import dev.laravelrelay.metrics.RelayMetrics;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.util.ReferenceCountUtil;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way in for HTTP on the public port, one for each TCP connection: CORS first, then the route
 * of the path. Gathers bodies up to what the route takes; takes a request only while less than 64
 * KiB of answers are unread, Netty's mark. Belongs to the channel's event loop.
 */
final class HttpDoor extends ChannelInboundHandlerAdapter {

  private static final Logger log = LoggerFactory.getLogger(HttpDoor.class);
  private static final int FIRST_BODY_BYTES = 16_384;
  private static final HttpResponseStatus NO_CONTENT = HttpResponseStatus.NO_CONTENT;

  private final Map<String, Route> routes;
  private final Cors cors;
  private final RelayMetrics metrics;
  private Route.@Nullable Exchange exchange;
  private @Nullable ByteArrayOutputStream body;

  /**
   * @param routes by path, without the query
   */
  HttpDoor(Map<String, Route> routes, Cors cors, RelayMetrics metrics) {
    this.routes = routes;
    this.cors = cors;
    this.metrics = metrics;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    try {
      if (message instanceof HttpRequest request) {
        if (context.channel().isWritable()) {
          begin(context, request);
        } else {
          closeUnread(context);
        }
      }
      if (message instanceof HttpContent content && exchange != null) {
        append(exchange, content);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  /** Who sends requests and does not read the answers gets no more: they would pile up here. */
  private void closeUnread(ChannelHandlerContext context) {
    boolean lingers =
        context.channel() instanceof DuplexChannel duplex && duplex.isOutputShutdown();
    if (context.channel().isOpen() && !lingers) {
      metrics.connectRefused("unread answers");
      context.close();
    }
  }

  private void begin(ChannelHandlerContext context, HttpRequest request) {
    HttpHeaders headers = cors.headers(request);
    boolean readable = request.decoderResult().isSuccess();
    HttpReply reply =
        new HttpReply(context.channel(), headers, readable && HttpUtil.isKeepAlive(request));
    if (!readable) {
      reply.send(HttpResponseStatus.BAD_REQUEST, HttpReply.TEXT, "Bad request\n");
      return;
    }
    if (request.method().equals(HttpMethod.OPTIONS)) {
      reply.send(NO_CONTENT, HttpReply.TEXT, "");
      return;
    }
    Route route = routes.get(path(request.uri()));
    if (route == null) {
      reply.send(HttpResponseStatus.NOT_FOUND, HttpReply.JSON, "{\"message\":\"Not found.\"}");
      return;
    }
    Route.Exchange begun = route.begin(request, reply);
    long announced = HttpUtil.getContentLength(request, 0L);
    if (announced > begun.maxBodyBytes()) {
      begun.tooLarge();
      return;
    }
    if (HttpUtil.is100ContinueExpected(request)) {
      context.writeAndFlush(
          new DefaultFullHttpResponse(
              HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER),
          context.voidPromise());
    }
    exchange = begun;
    body = new ByteArrayOutputStream((int) Math.min(announced, FIRST_BODY_BYTES));
  }

  private static String path(String uri) {
    int query = uri.indexOf('?');
    return query < 0 ? uri : uri.substring(0, query);
  }

  private void append(Route.Exchange current, HttpContent content) {
    ByteArrayOutputStream gathered = body;
    ByteBuf bytes = content.content();
    if (gathered == null) {
      return;
    }
    if (!content.decoderResult().isSuccess()) {
      finish();
      current.abandoned();
    } else if (gathered.size() + bytes.readableBytes() > current.maxBodyBytes()) {
      finish();
      current.tooLarge();
    } else {
      byte[] chunk = new byte[bytes.readableBytes()];
      bytes.readBytes(chunk);
      gathered.writeBytes(chunk);
      if (content instanceof LastHttpContent) {
        finish();
        current.complete(gathered.toByteArray());
      }
    }
  }

  private void finish() {
    exchange = null;
    body = null;
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) throws Exception {
    Route.Exchange current = exchange;
    finish();
    if (current != null) {
      current.abandoned();
    }
    super.channelInactive(context);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
    if (event instanceof IdleStateEvent) {
      context.close();
    } else {
      super.userEventTriggered(context, event);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (!(cause instanceof IOException)) {
      log.error("a request on the public port failed", cause);
    }
    context.close();
  }
}
