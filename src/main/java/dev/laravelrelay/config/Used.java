package dev.laravelrelay.config;

/**
 * One setting as it is in force.
 *
 * @param value as it is written; {@code ***} for a secret, and for the password in a URL; empty if
 *     there is none
 */
public record Used(Setting setting, String value, Source source) {

  /** Where a value came from. */
  public enum Source {
    FLAG("flag"),
    ENVIRONMENT("environment"),
    FILE("file"),
    DEFAULT("default");

    private final String word;

    Source(String word) {
      this.word = word;
    }

    public String word() {
      return word;
    }
  }
}
