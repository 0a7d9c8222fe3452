package dev.laravelrelay.http;

import java.io.ByteArrayOutputStream;
import java.util.function.Consumer;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.JsonRecyclerPools;
import tools.jackson.databind.json.JsonMapper;

/** Writes replies as UTF-8 without building them as a tree first. */
final class JsonBytes {

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
}
