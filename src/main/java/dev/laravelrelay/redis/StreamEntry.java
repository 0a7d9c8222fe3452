package dev.laravelrelay.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One entry of a stream.
 *
 * @param fields names and values in turn, as they came
 * @param bytes of its fields
 */
record StreamEntry(String id, List<byte[]> fields, int bytes) {

  private static final byte[] EMIT = RedisNames.utf8("emit");

  /** Reads Redis's list of entries; those that were deleted meanwhile are left out. */
  static List<StreamEntry> list(List<?> reply) {
    List<StreamEntry> entries = new ArrayList<>(reply.size());
    for (Object each : reply) {
      if (each instanceof List<?> entry && entry.getLast() instanceof List<?> fields) {
        entries.add(of(new String((byte[]) entry.getFirst(), StandardCharsets.UTF_8), fields));
      }
    }
    return entries;
  }

  static StreamEntry of(String id, List<?> fields) {
    List<byte[]> all = new ArrayList<>(fields.size());
    int bytes = 0;
    for (Object each : fields) {
      byte[] field = (byte[]) each;
      all.add(field);
      bytes += field.length;
    }
    return new StreamEntry(id, all, bytes);
  }

  /** The emit's JSON, if that is all there is. */
  byte @Nullable [] emit() {
    return fields.size() == 2 && Arrays.equals(fields.getFirst(), EMIT) ? fields.getLast() : null;
  }
}
