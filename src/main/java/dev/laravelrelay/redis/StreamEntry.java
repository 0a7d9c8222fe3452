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
 */
record StreamEntry(String id, List<byte[]> fields) {

  private static final byte[] EMIT = RedisNames.utf8("emit");

  /** Reads Redis's list of entries; those that were deleted meanwhile are left out. */
  static List<StreamEntry> list(List<?> reply) {
    List<StreamEntry> entries = new ArrayList<>(reply.size());
    for (Object each : reply) {
      if (each instanceof List<?> entry && entry.getLast() instanceof List<?> fields) {
        entries.add(
            new StreamEntry(
                new String((byte[]) entry.getFirst(), StandardCharsets.UTF_8),
                fields.stream().map(byte[].class::cast).toList()));
      }
    }
    return entries;
  }

  /** The emit's JSON, if that is all there is. */
  byte @Nullable [] emit() {
    return fields.size() == 2 && Arrays.equals(fields.getFirst(), EMIT) ? fields.getLast() : null;
  }

  /** Of its fields. */
  int bytes() {
    return fields.stream().mapToInt(field -> field.length).sum();
  }
}
