package dev.laravelrelay.event;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.TokenStreamContext;

/**
 * Walks over one JSON value without building it, and reports what clients could not read the same
 * way: keys given twice, and nesting beyond {@link EmitLimits#MAX_DEPTH}.
 */
final class DataScan {

  private final JsonParser in;
  private final Problems problems;

  /** How deep the emit itself is nested: paths start there. */
  private final int around;

  /** By depth; most data is flat. */
  private @Nullable Names[] names = new Names[4];

  private DataScan(JsonParser in, Problems problems) {
    this.in = in;
    this.problems = problems;
    this.around = in.streamReadContext().getNestingDepth() - 2;
  }

  /** Moves the parser from the first token of a value to its last, read to its end. */
  static void walk(JsonParser in, Problems problems) {
    if (in.currentToken().isStructStart()) {
      new DataScan(in, problems).walk();
    } else {
      in.finishToken();
    }
  }

  private void walk() {
    int depth = 1;
    clear(depth);
    boolean reported = false;
    while (depth > 0) {
      JsonToken token = in.nextToken();
      if (token.isStructStart()) {
        depth++;
        clear(depth);
        if (depth > EmitLimits.MAX_DEPTH && !reported) {
          reported = true;
          problems.add(
              "data",
              "The data field must not be nested more than %d levels deep."
                  .formatted(EmitLimits.MAX_DEPTH));
        }
      } else if (token.isStructEnd()) {
        depth--;
      } else if (token == JsonToken.PROPERTY_NAME && depth <= EmitLimits.MAX_DEPTH) {
        checkName(depth);
      }
    }
  }

  private void checkName(int depth) {
    if (depth >= names.length) {
      names = Arrays.copyOf(names, 2 * depth);
    }
    Names seen = names[depth];
    if (seen == null) {
      seen = new Names();
      names[depth] = seen;
    }
    if (!seen.add(in.currentName())) {
      String path = path(in.streamReadContext());
      problems.add(path, "The %s field is given twice.".formatted(Problems.shown(path)));
    }
  }

  private void clear(int depth) {
    Names seen = depth < names.length ? names[depth] : null;
    if (seen != null) {
      seen.clear();
    }
  }

  private String path(@Nullable TokenStreamContext context) {
    if (context == null || context.getNestingDepth() <= around) {
      return "";
    }
    String parent = path(context.getParent());
    String own =
        context.inArray() ? Integer.toString(context.getCurrentIndex()) : context.currentName();
    return parent.isEmpty() ? own : parent + "." + own;
  }

  /** The names of one object: few of them are compared, many are hashed. */
  private static final class Names {

    private final String[] few = new String[8];
    private int size;
    private @Nullable Set<String> many;

    boolean add(String name) {
      if (many != null) {
        return many.add(name);
      }
      for (int i = 0; i < size; i++) {
        if (few[i].equals(name)) {
          return false;
        }
      }
      if (size < few.length) {
        few[size++] = name;
        return true;
      }
      many = new HashSet<>(Set.of(few));
      return many.add(name);
    }

    void clear() {
      size = 0;
      many = null;
    }
  }
}
