package dev.laravelrelay.http;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.thread.Invocable;

/**
 * Reads a request's body as {@link RequestBody} says, without ever blocking: what has not come yet
 * is waited for without a thread. Used by one thread at a time.
 */
final class BodyReader implements Invocable.Task {

  private static final int FIRST_BYTES = 1_024;

  private final Request request;
  private final int limit;
  private final Consumer<RequestBody> then;
  private byte[] bytes;
  private int length;

  private BodyReader(Request request, int expected, int limit, Consumer<RequestBody> then) {
    this.request = request;
    this.limit = limit;
    this.then = then;
    this.bytes = new byte[expected];
  }

  /**
   * Reads the whole body.
   *
   * @param then is given it once, on this thread or a later one of the server's
   */
  static void read(Request request, int limit, Consumer<RequestBody> then) {
    long announced = request.getLength();
    RequestBody.Refused refused =
        RequestBody.refusedByHead(
            request.getHeaders().get(HttpHeader.CONTENT_TYPE),
            request.getHeaders().get(HttpHeader.CONTENT_ENCODING),
            announced,
            limit);
    if (refused != null) {
      then.accept(refused);
      return;
    }
    int expected = announced < 0 ? FIRST_BYTES : (int) announced;
    new BodyReader(request, expected, limit, then).run();
  }

  @Override
  public InvocationType getInvocationType() {
    return InvocationType.NON_BLOCKING;
  }

  @Override
  public void run() {
    while (true) {
      Content.Chunk chunk = request.read();
      if (chunk == null) {
        request.demand(this);
        return;
      }
      if (Content.Chunk.isFailure(chunk)) {
        then.accept(RequestBody.CUT);
        return;
      }
      boolean fits = take(chunk);
      boolean last = chunk.isLast();
      chunk.release();
      if (!fits) {
        then.accept(RequestBody.tooLarge(limit));
        return;
      }
      if (last) {
        then.accept(new RequestBody.Whole(whole()));
        return;
      }
    }
  }

  /** False if that is more than the limit. */
  private boolean take(Content.Chunk chunk) {
    ByteBuffer more = chunk.getByteBuffer();
    int end = length + more.remaining();
    if (end > limit) {
      return false;
    }
    if (end > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(end, 2 * bytes.length));
    }
    more.get(bytes, length, end - length);
    length = end;
    return true;
  }

  private byte[] whole() {
    return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
  }
}
