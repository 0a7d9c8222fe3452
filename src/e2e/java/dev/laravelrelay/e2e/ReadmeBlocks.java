package dev.laravelrelay.e2e;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The commands of a Markdown text that are tested: each {@code sh} block right under a comment
 * {@code <!-- e2e: name -->}, which a reader of the rendered page does not see.
 */
final class ReadmeBlocks {

  private static final Pattern MARK = Pattern.compile("\\s*<!-- e2e: ([a-z0-9-]+) -->\\s*");
  private static final Pattern FENCE = Pattern.compile("\\s*```sh\\s*");

  private ReadmeBlocks() {}

  /** The script of each marked block, by its name, in the text's order. */
  static Map<String, String> of(String markdown) {
    Map<String, String> blocks = new LinkedHashMap<>();
    List<String> lines = markdown.lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      Matcher mark = MARK.matcher(lines.get(i));
      if (mark.matches()) {
        if (blocks.put(mark.group(1), block(lines, i + 1)) != null) {
          throw new IllegalArgumentException("two blocks are called " + mark.group(1));
        }
      }
    }
    return blocks;
  }

  private static String block(List<String> lines, int start) {
    if (start >= lines.size() || !FENCE.matcher(lines.get(start)).matches()) {
      throw new IllegalArgumentException("line " + (start + 1) + " does not open a sh block");
    }
    StringBuilder script = new StringBuilder();
    for (int i = start + 1; i < lines.size(); i++) {
      if (lines.get(i).strip().equals("```")) {
        return script.toString();
      }
      script.append(lines.get(i)).append('\n');
    }
    throw new IllegalArgumentException("the block of line " + (start + 1) + " does not end");
  }
}
