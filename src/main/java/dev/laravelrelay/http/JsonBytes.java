package dev.laravelrelay.http;

import io.javalin.http.Context;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.JsonRecyclerPools;
import tools.jackson.databind.json.JsonMapper;

/** Writes replies as UTF-8 without building them as a tree first. */
final class JsonBytes {

  private static final Logger log = LoggerFactory.getLogger(JsonBytes.class);

  /** The threads are few and live long: each keeps its buffers. */
  private static final JsonMapper MAPPER =
      new JsonMapper(
          JsonFactory.builder().recyclerPool(JsonRecyclerPools.threadLocalPool()).build());

  private JsonBytes() {}

  /** One object, whose members {@code members} writes. */
  static byte[] object(Consumer<JsonGenerator> members) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try (JsonGenerator out = MAPPER.createGenerator(bytes)) {
      out.writeStartObject();
      members.accept(out);
      out.writeEndObject();
    }
    return bytes.toByteArray();
  }

  /**
   * Sends the reply in one write with its length. Javalin's own way copies it through a buffer of 8
   * KiB for each answer.
   */
  static void send(Context ctx, byte[] json) {
    HttpServletResponse response = ctx.res();
    response.setContentType(ApiErrors.JSON);
    response.setContentLength(json.length);
    try {
      response.getOutputStream().write(json);
    } catch (IOException gone) {
      log.debug("the client did not wait for its answer", gone);
    }
  }
}
