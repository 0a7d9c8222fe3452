package dev.laravelrelay.socket;

import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.protocol.Frame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.util.ReferenceCountUtil;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A WebSocket after its handshake (RFC 6455): puts fragments together, answers pings and close
 * frames, and writes frames that are encoded already. Reads on the channel's event loop; may be
 * written from any thread.
 */
final class WebSocketChannel extends ChannelInboundHandlerAdapter {

  /** What a WebSocket's owner is told, on the channel's event loop. */
  interface Listener {
    void text(String message);

    void binary(byte[] message);

    void pong(byte[] payload);

    /** Last of all, exactly once. */
    void closed(CloseReason reason);
  }

  private static final Logger log = LoggerFactory.getLogger(WebSocketChannel.class);
  private static final int PING = 0x89;
  private static final int PONG = 0x8A;
  private static final int CLOSE = 0x88;
  private static final int MAX_CONTROL_PAYLOAD = 125;

  private final Channel channel;
  private final Listener listener;
  private final int maxMessageBytes;
  private @Nullable ByteArrayOutputStream fragments;
  private boolean fragmentsAreText;
  private boolean closed;

  WebSocketChannel(Channel channel, Listener listener, int maxMessageBytes) {
    this.channel = channel;
    this.listener = listener;
    this.maxMessageBytes = maxMessageBytes;
  }

  /** Without a flush. */
  void write(Frame frame) {
    channel.write(LoopWrites.current().bytes(frame), channel.voidPromise());
  }

  void flush() {
    channel.flush();
  }

  /** Sends a ping frame with this payload of at most 125 bytes. */
  void ping(byte[] payload) {
    channel.writeAndFlush(control(PING, payload), channel.voidPromise());
  }

  long unwrittenBytes() {
    ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
    return buffer == null ? 0 : buffer.totalPendingWriteBytes();
  }

  /**
   * Closes the TCP connection behind what was written, with no close frame. A client that does not
   * read it loses it soon.
   */
  void drop() {
    LingeringClose.behind(channel.writeAndFlush(Unpooled.EMPTY_BUFFER));
  }

  /** Closes the TCP connection at once: what is unwritten is lost. */
  void abort() {
    channel.close();
  }

  /** As {@link #drop}, with a close frame. */
  void close(int code, String text) {
    byte[] reason = text.getBytes(StandardCharsets.UTF_8);
    byte[] payload =
        ByteBuffer.allocate(2 + reason.length).putShort((short) code).put(reason).array();
    LingeringClose.behind(channel.writeAndFlush(control(CLOSE, payload)));
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    try {
      if (!closed && message instanceof WebSocketFrame frame) {
        read(frame);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void read(WebSocketFrame frame) {
    switch (frame) {
      case TextWebSocketFrame text -> message(text, true);
      case BinaryWebSocketFrame binary -> message(binary, false);
      case ContinuationWebSocketFrame more -> continuation(more);
      case PingWebSocketFrame ping -> answer(ping);
      case PongWebSocketFrame pong -> listener.pong(ByteBufUtil.getBytes(pong.content()));
      case CloseWebSocketFrame close -> {
        LingeringClose.behind(
            channel.writeAndFlush(control(CLOSE, ByteBufUtil.getBytes(close.content()))));
        end(CloseReason.TRANSPORT_CLOSED);
      }
      default -> fail(WebSocketCloseStatus.PROTOCOL_ERROR, CloseReason.PARSE_ERROR);
    }
  }

  /** Who pings and does not read gets no more answers: they would pile up here. */
  private void answer(PingWebSocketFrame ping) {
    if (unwrittenBytes() < maxMessageBytes) {
      channel.writeAndFlush(
          control(PONG, ByteBufUtil.getBytes(ping.content())), channel.voidPromise());
    }
  }

  private void message(WebSocketFrame frame, boolean isText) {
    byte[] bytes = ByteBufUtil.getBytes(frame.content());
    if (frame.isFinalFragment()) {
      complete(bytes, isText);
    } else {
      fragments = new ByteArrayOutputStream(bytes.length * 2);
      fragments.writeBytes(bytes);
      fragmentsAreText = isText;
    }
  }

  private void continuation(ContinuationWebSocketFrame frame) {
    if (fragments == null) {
      fail(WebSocketCloseStatus.PROTOCOL_ERROR, CloseReason.PARSE_ERROR);
    } else if (fragments.size() + frame.content().readableBytes() > maxMessageBytes) {
      fail(WebSocketCloseStatus.MESSAGE_TOO_BIG, CloseReason.MESSAGE_TOO_BIG);
    } else {
      fragments.writeBytes(ByteBufUtil.getBytes(frame.content()));
      if (frame.isFinalFragment()) {
        byte[] bytes = fragments.toByteArray();
        fragments = null;
        complete(bytes, fragmentsAreText);
      }
    }
  }

  private void complete(byte[] bytes, boolean isText) {
    if (!isText) {
      listener.binary(bytes);
      return;
    }
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      fail(WebSocketCloseStatus.INVALID_PAYLOAD_DATA, CloseReason.PARSE_ERROR);
      return;
    }
    listener.text(text);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    end(CloseReason.TRANSPORT_CLOSED);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    switch (cause) {
      case TooLongFrameException _ ->
          fail(WebSocketCloseStatus.MESSAGE_TOO_BIG, CloseReason.MESSAGE_TOO_BIG);
      case CorruptedWebSocketFrameException corrupted ->
          fail(
              corrupted.closeStatus(),
              corrupted.closeStatus().equals(WebSocketCloseStatus.MESSAGE_TOO_BIG)
                  ? CloseReason.MESSAGE_TOO_BIG
                  : CloseReason.PARSE_ERROR);
      case IOException _ -> {
        channel.close();
        end(CloseReason.TRANSPORT_ERROR);
      }
      default -> {
        log.error("a WebSocket failed", cause);
        channel.close();
        end(CloseReason.TRANSPORT_ERROR);
      }
    }
  }

  private void fail(WebSocketCloseStatus status, CloseReason reason) {
    close(status.code(), status.reasonText());
    end(reason);
  }

  private void end(CloseReason reason) {
    if (!closed) {
      closed = true;
      fragments = null;
      listener.closed(reason);
    }
  }

  private static ByteBuf control(int opcode, byte[] payload) {
    int length = Math.min(payload.length, MAX_CONTROL_PAYLOAD);
    return Unpooled.buffer(2 + length)
        .writeByte(opcode)
        .writeByte(length)
        .writeBytes(payload, 0, length);
  }
}
