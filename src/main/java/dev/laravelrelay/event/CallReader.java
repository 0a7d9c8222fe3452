package dev.laravelrelay.event;

import dev.laravelrelay.config.NearestName;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * Reads the object that announces a call, alone or within an emit. What it has read is of use only
 * if there was no problem. Single use.
 */
final class CallReader {

  private static final List<String> FIELDS = List.of("caller", "receiver", "ttl", "id");

  private final JsonParser in;
  private final Problems problems;
  private final Values values;
  private final String prefix;

  private @Nullable String id;
  private @Nullable String caller;
  private @Nullable String receiver;
  private int ttl = CallTerms.DEFAULT_TTL;

  /**
   * @param prefix before the names of the fields in problems: {@code call.}, or nothing
   */
  CallReader(JsonParser in, Problems problems, String prefix) {
    this.in = in;
    this.problems = problems;
    this.values = new Values(in, problems);
    this.prefix = prefix;
  }

  /** Reads from the start of an object to its end. */
  void read() {
    Set<String> seen = new HashSet<>();
    for (String name = in.nextName(); name != null; name = in.nextName()) {
      in.nextToken();
      String path = prefix + Problems.shown(name);
      if (!FIELDS.contains(name)) {
        String hint =
            NearestName.of(Problems.shown(name), FIELDS)
                .map(" Did you mean %s?"::formatted)
                .orElse("");
        problems.add(path, "The field %s is unknown.%s".formatted(path, hint));
        in.skipChildren();
      } else if (!seen.add(name)) {
        problems.add(path, "The %s field is given twice.".formatted(path));
        in.skipChildren();
      } else {
        field(name, path);
      }
    }
    required(seen, "caller");
    required(seen, "receiver");
    if (caller != null && caller.equals(receiver)) {
      String path = prefix + "receiver";
      problems.add(path, "The %s field must not be the caller.".formatted(path));
    }
  }

  private void field(String name, String path) {
    switch (name) {
      case "id" -> id = values.user(path);
      case "caller" -> caller = values.user(path);
      case "receiver" -> receiver = values.user(path);
      default -> ttl = values.integer(path, 1, CallTerms.MAX_TTL);
    }
  }

  private void required(Set<String> seen, String name) {
    if (!seen.contains(name)) {
      problems.add(prefix + name, "The %s field is required.".formatted(prefix + name));
    }
  }

  /**
   * The call; to be used only if there are no problems.
   *
   * @param besides the id that stands elsewhere; null if none does
   * @param where how to name that place in a sentence
   */
  CallTerms finish(@Nullable String besides, String where) {
    String path = prefix + "id";
    if (id == null && besides == null) {
      problems.add(path, "The %s field is required, or %s.".formatted(path, where));
    } else if (id != null && besides != null && !id.equals(besides)) {
      problems.add(path, "The %s field and %s must be the same.".formatted(path, where));
    }
    String known = id != null ? id : besides;
    return new CallTerms(orEmpty(known), orEmpty(caller), orEmpty(receiver), ttl);
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  /** The id in an event's data, well-formed JSON: its {@code callId}; null if there is none. */
  static @Nullable String idIn(RawJson data) {
    Problems ignored = new Problems();
    try (JsonParser in = JsonText.parser(data.toBytes())) {
      if (in.nextToken() != JsonToken.START_OBJECT) {
        return null;
      }
      for (String name = in.nextName(); name != null; name = in.nextName()) {
        in.nextToken();
        if (name.equals("callId")) {
          return new Values(in, ignored).user("callId");
        }
        in.skipChildren();
      }
    }
    return null;
  }
}
