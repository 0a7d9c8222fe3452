package dev.laravelrelay.bench;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One figure of a row and what it must reach. NaN where nothing is asked.
 *
 * @param limit the bound of the relay's own figure, upper or, where more is better, lower
 * @param ratio the bound of the relay's figure as a multiple of socket.io's, likewise
 */
record Part(Metric metric, String label, boolean moreIsBetter, double limit, double ratio) {

  static final double ANY = Double.NaN;

  static Part atMost(Metric metric, String label, double limit, double ratio) {
    return new Part(metric, label, false, limit, ratio);
  }

  static Part atLeast(Metric metric, String label, double limit, double ratio) {
    return new Part(metric, label, true, limit, ratio);
  }

  /** The relay's median in multiples of socket.io's; null if one of them was not measured. */
  static @Nullable Double ratio(@Nullable Double relay, @Nullable Double socketIo) {
    return relay == null || socketIo == null ? null : relay / socketIo;
  }

  boolean isMet(Map<Metric, Double> relay, Map<Metric, Double> socketIo) {
    Double own = relay.get(metric);
    if (own == null) {
      return false;
    }
    Double times = ratio(own, socketIo.get(metric));
    return within(own, limit) && (Double.isNaN(ratio) || times != null && within(times, ratio));
  }

  private boolean within(double value, double bound) {
    return Double.isNaN(bound) || (moreIsBetter ? value >= bound : value <= bound);
  }

  String target() {
    String sign = moreIsBetter ? "≥ " : "≤ ";
    String own = Double.isNaN(limit) ? "" : "%s%s %s".formatted(sign, number(limit), metric.unit);
    String times = Double.isNaN(ratio) ? "" : sign + number(ratio) + "×";
    return own + (own.isEmpty() || times.isEmpty() ? "" : ", ") + times;
  }

  static String number(double value) {
    String digits = value >= 1_000 ? "%,.0f" : value >= 10 ? "%.1f" : "%.2f";
    return digits.formatted(value);
  }
}
