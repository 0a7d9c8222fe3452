package dev.laravelrelay.bench;

import java.util.List;

/** Bars of what each server needs, socket.io being 1, as SVG. */
final class Plot {

  private static final int LEFT = 300;
  private static final int UNIT = 320;
  private static final int BAR = 13;
  private static final int GAP = 22;
  private static final double WIDEST = 1.6;
  private static final List<String> COLOURS = List.of("#0b7285", "#adb5bd", "#e8a33d");
  private static final List<String> CONTENDERS =
      List.of(Contender.RELAY, Contender.SOCKET_IO, Contender.NETTY_SOCKETIO);

  private record Bars(String title, Metric metric) {}

  private static final List<Bars> SHOWN =
      List.of(
          new Bars("RSS per idle session", Metric.RSS_PER_SESSION),
          new Bars("CPU per emit, saturated", Metric.EMIT_CPU),
          new Bars("CPU per delivery, fan-out", Metric.DELIVERY_CPU),
          new Bars("time to the last of 10,000", Metric.LAST_OF_10000),
          new Bars("p99 at 10,000 emits/s", Metric.P99_AT_10000),
          new Bars("CPU at rest, 19,000 sessions", Metric.REST));

  private Plot() {}

  static String svg(Results results) {
    StringBuilder out = new StringBuilder();
    int y = 56;
    for (Bars bars : SHOWN) {
      Double base = results.median(Contender.SOCKET_IO, bars.metric());
      if (base == null) {
        continue;
      }
      text(out, 14, y + 2 * BAR - 2, "start", "#212529", bars.title());
      for (int i = 0; i < CONTENDERS.size(); i++) {
        Double value = results.median(CONTENDERS.get(i), bars.metric());
        if (value != null) {
          bar(out, y + i * BAR, COLOURS.get(i), value / base, label(value, bars.metric()));
        }
      }
      y += CONTENDERS.size() * BAR + GAP;
    }
    StringBuilder head = new StringBuilder();
    for (int i = 0; i < CONTENDERS.size(); i++) {
      int x = LEFT + i * 130;
      head.append(
          "<rect x='%d' y='22' width='12' height='12' fill='%s'/>".formatted(x, COLOURS.get(i)));
      text(head, x + 18, 32, "start", "#212529", CONTENDERS.get(i));
    }
    text(head, 14, 32, "start", "#495057", "shorter is better");
    return """
        <svg xmlns='http://www.w3.org/2000/svg' width='960' height='%d' font-family='sans-serif' \
        font-size='13'>
        <rect width='100%%' height='100%%' fill='#ffffff'/>
        %s
        %s</svg>
        """
        .formatted(y, head, out);
  }

  private static void bar(StringBuilder out, int y, String colour, double ratio, String label) {
    int width = (int) Math.max(1, Math.min(ratio, WIDEST) * UNIT);
    out.append(
        "<rect x='%d' y='%d' width='%d' height='%d' fill='%s'/>%n"
            .formatted(LEFT, y, width, BAR - 2, colour));
    text(out, LEFT + width + 6, y + BAR - 3, "start", "#495057", label);
  }

  private static String label(double value, Metric metric) {
    return Part.number(value) + " " + metric.unit;
  }

  private static void text(
      StringBuilder out, int x, int y, String anchor, String colour, String text) {
    out.append(
        "<text x='%d' y='%d' text-anchor='%s' fill='%s'>%s</text>%n"
            .formatted(x, y, anchor, colour, text));
  }
}
