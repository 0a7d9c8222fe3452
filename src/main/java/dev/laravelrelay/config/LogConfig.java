package dev.laravelrelay.config;

/** What the relay says of itself, and how. */
public record LogConfig(Format format, Level level) {

  /** The value of RELAY_LOG. */
  public enum Format {
    TEXT,
    JSON
  }

  /** The value of RELAY_LOG_LEVEL: that level and all before it. */
  public enum Level {
    ERROR,
    WARN,
    INFO,
    DEBUG,
    TRACE
  }
}
