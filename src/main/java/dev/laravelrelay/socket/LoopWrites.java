package dev.laravelrelay.socket;

import dev.laravelrelay.protocol.Frame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * What the connections of one event loop write between two looks at the network. Each is flushed
 * once, however many frames it was given, at the latest when the loop has done what is queued; of a
 * fan-out, whenever a few have gathered, while they are still in the processor's cache. A frame
 * that goes to many is put into native memory once. Used on its loop only.
 */
final class LoopWrites {

  /** Flushed when what is queued has been done. */
  interface Writer {
    void flush();
  }

  private static final int GATHERED = 32;

  private static final FastThreadLocal<LoopWrites> OF_LOOP =
      new FastThreadLocal<>() {
        @Override
        protected LoopWrites initialValue() {
          return new LoopWrites();
        }
      };

  private final ArrayDeque<Writer> waiting = new ArrayDeque<>(GATHERED);
  private boolean planned;
  private @Nullable Frame last;
  private @Nullable ByteBuf lastBytes;

  private LoopWrites() {}

  /** Those of the loop whose thread this is. */
  static LoopWrites current() {
    return OF_LOOP.get();
  }

  /** Flushes the writer soon, but not before this returns. To be called once until then. */
  void flushSoon(Writer writer, EventLoop loop) {
    if (waiting.size() >= GATHERED) {
      flushAll();
    }
    waiting.add(writer);
    if (!planned) {
      planned = true;
      loop.execute(this::finish);
    }
  }

  private void finish() {
    planned = false;
    flushAll();
    forgetLast();
  }

  private void flushAll() {
    for (Writer writer = waiting.poll(); writer != null; writer = waiting.poll()) {
      writer.flush();
    }
  }

  /** The frame's bytes; from the second time in a row on, shared and not copied again. */
  ByteBuf bytes(Frame frame) {
    byte[] wire = frame.wire();
    if (frame != last) {
      forgetLast();
      last = frame;
      return Unpooled.wrappedBuffer(wire);
    }
    if (lastBytes == null) {
      lastBytes = Unpooled.directBuffer(wire.length).writeBytes(wire);
    }
    return lastBytes.retainedDuplicate();
  }

  private void forgetLast() {
    last = null;
    if (lastBytes != null) {
      lastBytes.release();
      lastBytes = null;
    }
  }
}
