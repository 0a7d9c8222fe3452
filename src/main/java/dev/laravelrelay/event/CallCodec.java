package dev.laravelrelay.event;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.StreamConstraintsException;

/** Reads a call that is announced alone. Either it is whole, or every problem is named. */
public final class CallCodec {

  /** What a body came to. */
  public sealed interface Parsed {

    /** A call. */
    record Valid(CallTerms call) implements Parsed {}

    /**
     * JSON, but no call.
     *
     * @param errors sentences by field; never empty
     */
    record Invalid(Map<String, List<String>> errors) implements Parsed {}

    /** Not even JSON. */
    record NotJson(String message) implements Parsed {}
  }

  private CallCodec() {}

  /**
   * Reads one call.
   *
   * @param callId as the path has it; an {@code id} in the body must be the same
   */
  public static Parsed parse(byte[] body, String callId) {
    String notJson = JsonText.problem(body);
    if (notJson != null) {
      return new Parsed.NotJson(notJson);
    }
    Problems problems = new Problems();
    String wrongId = idProblem(callId);
    if (wrongId != null) {
      problems.add("callId", "The callId in the path " + wrongId);
    }
    try (JsonParser in = JsonText.parser(body)) {
      if (in.nextToken() != JsonToken.START_OBJECT) {
        problems.add("body", "The body must be a JSON object.");
        JsonText.drain(in);
        return new Parsed.Invalid(problems.byField());
      }
      CallReader reader = new CallReader(in, problems, "");
      reader.read();
      if (in.nextToken() != null) {
        return new Parsed.NotJson(JsonText.GOES_ON);
      }
      CallTerms call = reader.finish(callId, "the callId in the path");
      if (!problems.any()) {
        return new Parsed.Valid(call);
      }
    } catch (StreamConstraintsException tooMuch) {
      JsonText.report(tooMuch, problems);
    } catch (JacksonException malformed) {
      return new Parsed.NotJson(JsonText.problem(malformed));
    }
    return new Parsed.Invalid(problems.byField());
  }

  /** What is wrong with a call's id, to follow its name in a sentence; null if nothing. */
  public static @Nullable String idProblem(String callId) {
    return Values.textProblem(callId, EmitLimits.MAX_TEXT);
  }
}
