package dev.laravelrelay.http;

import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpHeaderValue;
import org.eclipse.jetty.http.PreEncodedHttpField;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * One request on Jetty's core and its answer, which is given once, from any thread, and never
 * blocks.
 */
record Exchange(Request request, Response response, Callback callback) {

  private static final HttpField JSON =
      new PreEncodedHttpField(HttpHeader.CONTENT_TYPE, ApiErrors.JSON);

  String path() {
    return Request.getPathInContext(request);
  }

  @Nullable String header(HttpHeader name) {
    return request.getHeaders().get(name);
  }

  @Nullable String header(String name) {
    return request.getHeaders().get(name);
  }

  /** Sets a header of the answer. */
  void answerWith(HttpHeader name, String value) {
    response.getHeaders().put(name, value);
  }

  /** Answers. */
  void answer(int status, byte[] json) {
    head(status, json);
    response.write(true, ByteBuffer.wrap(json), callback);
  }

  /**
   * Answers before the body was read, and closes the connection without losing the answer. A client
   * that waits for {@code 100 Continue} sends nothing and is not asked to.
   */
  void answerUnread(int status, byte[] json) {
    response.getHeaders().put(HttpHeader.CONNECTION, HttpHeaderValue.CLOSE);
    if (header(HttpHeader.EXPECT) != null) {
      answer(status, json);
      return;
    }
    head(status, json);
    Runnable discard =
        () -> {
          RequestBody.discard(Content.Source.asInputStream(request));
          callback.succeeded();
        };
    Runnable answered = () -> request.getContext().execute(discard);
    response.write(false, ByteBuffer.wrap(json), Callback.from(answered, callback::failed));
  }

  private void head(int status, byte[] json) {
    response.setStatus(status);
    response.getHeaders().put(JSON).put(HttpHeader.CONTENT_LENGTH, json.length);
  }
}
