package dev.laravelrelay.auth;

import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * What may be a user's id: 1 to {@value #MAX_LENGTH} characters, not blank, no control characters.
 * Laravel gives an int or a string; 42 and "42" are one user.
 */
public final class UserId {

  /** In characters. */
  public static final int MAX_LENGTH = 200;

  private UserId() {}

  /** The id, if it may be one. */
  public static Optional<String> of(String id) {
    boolean allowed =
        !id.isBlank() && id.length() <= MAX_LENGTH && id.chars().noneMatch(Character::isISOControl);
    return allowed ? Optional.of(id) : Optional.empty();
  }

  /** The id that a JSON string or integer spells, whatever its size. */
  public static Optional<String> of(JsonNode id) {
    return id.isString() || id.isIntegralNumber() ? of(id.asString()) : Optional.empty();
  }
}
