package dev.laravelrelay.socket;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Closes a TCP connection so that the client can still read what was written last. Closing while
 * the client sends makes its system throw away what it has not read (RFC 1122 section 4.2.2.13, RFC
 * 9112 section 9.6): so first the relay's direction is ended, and what comes is thrown away until
 * the client is done too, or a time is over.
 */
final class LingeringClose {

  private static final long PATIENCE_SECONDS = 2;

  /** Closes once the write is done. */
  static final ChannelFutureListener AFTER_WRITE = LingeringClose::close;

  private LingeringClose() {}

  /** Closes once the write is done, or a time is over because the client does not read. */
  static void behind(ChannelFuture write) {
    if (!write.isDone()) {
      closeUnless(write, write.channel());
    }
    write.addListener(AFTER_WRITE);
  }

  private static void close(ChannelFuture written) {
    Channel channel = written.channel();
    if (!(channel instanceof DuplexChannel duplex)) {
      channel.close();
      return;
    }
    if (duplex.isOutputShutdown()) {
      return;
    }
    if (!written.isSuccess()) {
      channel.close();
      return;
    }
    duplex.shutdownOutput();
    closeUnless(channel.closeFuture(), channel);
  }

  /** Closes at once when the patience is over, unless this comes first. */
  private static void closeUnless(ChannelFuture first, Channel channel) {
    Future<?> end =
        channel.eventLoop().schedule(() -> channel.close(), PATIENCE_SECONDS, TimeUnit.SECONDS);
    first.addListener(
        came -> {
          if (!channel.eventLoop().isShuttingDown()) {
            end.cancel(false);
          }
        });
  }
}
