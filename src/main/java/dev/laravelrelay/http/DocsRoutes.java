package dev.laravelrelay.http;

import io.javalin.config.RoutesConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** {@code openapi.yaml} as it is, and as a page that needs nothing else. */
final class DocsRoutes {

  private static final String STYLE =
      "body{font:15px/1.5 system-ui;margin:2em auto;max-width:60em;padding:0 1em}"
          + "pre{font:13px/1.45 monospace;overflow-x:auto}b{color:#06c}i{color:#777}";

  private final String yaml = load();
  private final String page = page(yaml);

  void addTo(RoutesConfig routes) {
    routes.get("/openapi.yaml", ctx -> ctx.contentType("application/yaml").result(yaml));
    routes.get("/docs", ctx -> ctx.html(page));
  }

  private static String load() {
    try (InputStream in = DocsRoutes.class.getResourceAsStream("/openapi.yaml")) {
      if (in == null) {
        throw new IllegalStateException("openapi.yaml is missing from the build");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The text with its routes as a table of contents and its keys set off. */
  private static String page(String yaml) {
    StringBuilder contents = new StringBuilder();
    StringBuilder text = new StringBuilder();
    yaml.lines().forEach(line -> line(escape(line), contents, text));
    return "<!doctype html><html lang=en><meta charset=utf-8><title>Laravel Relay</title><style>"
        + STYLE
        + "</style><h1>Laravel Relay: the API</h1><ul>"
        + contents
        + "</ul><pre>"
        + text
        + "</pre></html>";
  }

  private static void line(String line, StringBuilder contents, StringBuilder text) {
    if (line.startsWith("  /") && line.endsWith(":")) {
      String path = line.substring(2, line.length() - 1);
      contents.append("<li><a href=\"#%s\">%s</a></li>".formatted(path, path));
      text.append("<b id=\"%s\">%s</b>\n".formatted(path, line));
    } else if (line.stripLeading().startsWith("#")) {
      text.append("<i>").append(line).append("</i>\n");
    } else {
      text.append(line).append('\n');
    }
  }

  private static String escape(String line) {
    return line.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
  }
}
