package dev.laravelrelay.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** The results as a table for people, as JSON for programs, and as a plot. */
final class Report {

  private final Results results;
  private final String machine;

  Report(Results results, String machine) {
    this.results = results;
    this.machine = machine;
  }

  /** A Markdown table of what was measured: medians, smallest and largest, and the ratio. */
  String table() {
    List<String> peers = new ArrayList<>(results.contenders());
    peers.remove(Contender.RELAY);
    StringBuilder out = new StringBuilder("| | relay |");
    peers.forEach(peer -> out.append(" ").append(peer).append(" |"));
    out.append(" relay ÷ socket.io | target | met |\n|---|---|");
    out.append("---|".repeat(peers.size() + 3)).append('\n');
    List<Row> rows = new ArrayList<>(Row.ALL);
    rows.addAll(Row.GROWTH);
    for (Row row : rows) {
      for (Part part : row.parts()) {
        if (results.contenders().stream().noneMatch(who -> isMeasured(who, part))) {
          continue;
        }
        String label = part.label().isEmpty() ? "" : ": " + part.label();
        out.append("| ").append(row.name()).append(label).append(" | ");
        out.append(cell(Contender.RELAY, part.metric())).append(" |");
        peers.forEach(peer -> out.append(" ").append(cell(peer, part.metric())).append(" |"));
        Double ratio = ratio(part);
        out.append(" ").append(ratio == null ? "" : "%.2f".formatted(ratio)).append(" | ");
        out.append(part.target()).append(" | ");
        out.append(isMet(part) ? "yes" : "no").append(" |\n");
      }
    }
    results.failures().forEach(failure -> out.append("\nFailed: %s\n".formatted(failure)));
    results.missing().forEach((who, why) -> out.append("\n%s: %s\n".formatted(who, why)));
    return out.append("\n").append(machine).append("\n").toString();
  }

  private String cell(String contender, Metric metric) {
    List<Double> rounds = results.rounds(contender, metric);
    Double median = results.median(contender, metric);
    if (median == null) {
      return "–";
    }
    String spread =
        rounds.size() < 2
            ? ""
            : " (%s–%s)".formatted(Part.number(rounds.getFirst()), Part.number(rounds.getLast()));
    return Part.number(median) + " " + metric.unit + spread;
  }

  private @Nullable Double ratio(Part part) {
    return Part.ratio(
        results.median(Contender.RELAY, part.metric()),
        results.median(Contender.SOCKET_IO, part.metric()));
  }

  private boolean isMeasured(String contender, Part part) {
    return results.median(contender, part.metric()) != null;
  }

  private boolean isMet(Part part) {
    return part.isMet(results.medians(Contender.RELAY), results.medians(Contender.SOCKET_IO));
  }

  /** One row for each line of the table of targets. */
  void writeSummary(Path file) throws IOException {
    Map<String, Object> summary = new LinkedHashMap<>();
    summary.put("machine", machine);
    summary.put("missing", results.missing());
    summary.put("failures", results.failures());
    summary.put("rows", Row.ALL.stream().map(this::summary).toList());
    summary.put("growth", Row.GROWTH.stream().map(this::summary).toList());
    byte[] json = JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsBytes(summary);
    Files.write(file, json);
  }

  private Map<String, Object> summary(Row row) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("name", row.name());
    line.putAll(summary(row.main()));
    line.put("met", row.parts().stream().allMatch(this::isMet));
    if (row.parts().size() > 1) {
      line.put("parts", row.parts().stream().map(this::labelled).toList());
    }
    List<String> unmeasured =
        row.parts().stream()
            .filter(part -> !isMeasured(Contender.RELAY, part))
            .map(part -> part.label() + (part.label().isEmpty() ? "" : ": ") + "not measured")
            .toList();
    if (!unmeasured.isEmpty()) {
      line.put("note", String.join("; ", unmeasured));
    }
    return line;
  }

  private Map<String, Object> labelled(Part part) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("name", part.label());
    line.putAll(summary(part));
    return line;
  }

  private Map<String, @Nullable Object> summary(Part part) {
    Map<String, @Nullable Object> line = new LinkedHashMap<>();
    line.put("unit", part.metric().unit);
    line.put("relay", results.median(Contender.RELAY, part.metric()));
    line.put("socketio", results.median(Contender.SOCKET_IO, part.metric()));
    line.put("netty_socketio", results.median(Contender.NETTY_SOCKETIO, part.metric()));
    line.put("bare_send", results.median(Floor.NAME, part.metric()));
    line.put("ratio", ratio(part));
    line.put("target", part.target());
    line.put("met", isMet(part));
    line.put("rounds", results.rounds(Contender.RELAY, part.metric()));
    return line;
  }
}
