package dev.laravelrelay.socket;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker13;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Turns a channel from HTTP to WebSocket (RFC 6455 section 4.2), and leaves nothing of HTTP in its
 * pipeline: an idle WebSocket keeps a decoder and one handler. Extensions are refused; compression
 * costs 88 KB of native memory for each socket that was sent one message.
 */
final class WebSocketUpgrade {

  private static final String DECODER = "wsdecoder";
  private static final String ENCODER = "wsencoder";

  private WebSocketUpgrade() {}

  /** Whether the request asks for a WebSocket in a version that is spoken here. */
  static boolean isAskedFor(HttpRequest request) {
    HttpHeaders headers = request.headers();
    return request.method().equals(HttpMethod.GET)
        && headers.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true)
        && headers.contains(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET, true)
        && headers.contains(HttpHeaderNames.SEC_WEBSOCKET_KEY)
        && "13".equals(headers.get(HttpHeaderNames.SEC_WEBSOCKET_VERSION));
  }

  /** What all WebSockets of one server share. */
  static WebSocketDecoderConfig config(int maxMessageBytes) {
    return WebSocketDecoderConfig.newBuilder()
        .maxFramePayloadLength(maxMessageBytes)
        .allowExtensions(false)
        .closeOnProtocolViolation(false)
        .withUTF8Validator(false)
        .build();
  }

  /**
   * Answers 101, then lets the caller make the handler that reads the frames. On the channel's
   * event loop; the handler is made before anything the client sent behind its request is read.
   */
  static void accept(
      HttpRequest request,
      HttpReply reply,
      WebSocketDecoderConfig config,
      Function<Channel, ChannelHandler> handler) {
    Channel channel = reply.channel();
    DefaultFullHttpRequest whole =
        new DefaultFullHttpRequest(
            request.protocolVersion(),
            request.method(),
            request.uri(),
            Unpooled.EMPTY_BUFFER,
            request.headers(),
            EmptyHttpHeaders.INSTANCE);
    new WebSocketServerHandshaker13(request.uri(), null, config)
        .handshake(channel, whole, reply.cors(), channel.newPromise())
        .addListener(
            (ChannelFutureListener)
                done -> {
                  if (done.isSuccess()) {
                    replacePipeline(channel, handler.apply(channel));
                  } else {
                    channel.close();
                  }
                });
  }

  private static void replacePipeline(Channel channel, ChannelHandler handler) {
    ChannelPipeline pipeline = channel.pipeline();
    pipeline.addLast(handler);
    List<String> names = new ArrayList<>(pipeline.names());
    for (String name : names) {
      ChannelHandler present = pipeline.get(name);
      if (present != null && !present.equals(handler) && !name.equals(DECODER)) {
        pipeline.remove(present);
      }
    }
    assert pipeline.get(ENCODER) == null;
  }
}
