package dev.laravelrelay.event;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * Reads the fields of one emit, in whatever order they come, and goes on after a problem so that
 * all are reported at once. What it has read is of use only if there was none. Single use.
 */
final class EmitReader {

  private static final String TARGETS = "user, users, channel, channels, socket or everyone";

  private final byte[] body;
  private final JsonParser in;
  private final Problems problems;
  private final Values values;
  private final Set<Field> seen = EnumSet.noneOf(Field.class);

  private @Nullable Field targetField;
  private @Nullable Target target;
  private String event = "";
  private RawJson data = RawJson.EMPTY_OBJECT;
  private @Nullable Integer hold;
  private int confirm;
  private @Nullable String collapseKey;
  private @Nullable String except;
  private @Nullable String id;
  private @Nullable CallReader call;

  /** Where the object starts in the body, and where it ends. */
  private int start;

  private int end;

  EmitReader(byte[] body, JsonParser in, Problems problems) {
    this.body = body;
    this.in = in;
    this.problems = problems;
    this.values = new Values(in, problems);
  }

  /** Reads from the start of an object to its end. */
  void read() {
    start = (int) in.currentTokenLocation().getByteOffset();
    for (String name = in.nextName(); name != null; name = in.nextName()) {
      in.nextToken();
      Field field = Field.of(name);
      if (field == null) {
        unknown(name);
      } else if (!seen.add(field)) {
        problems.add(field.key, "The %s field is given twice.".formatted(field.key));
        in.skipChildren();
      } else if (field.isTarget()) {
        target(field);
      } else {
        term(field);
      }
    }
    end = (int) in.currentLocation().getByteOffset();
  }

  private void unknown(String name) {
    String shown = Problems.shown(name);
    Field nearest = Field.nearest(name);
    String hint = nearest == null ? "" : " Did you mean %s?".formatted(nearest.key);
    problems.add(shown, "The field %s is unknown.%s".formatted(shown, hint));
    in.skipChildren();
  }

  private void target(Field field) {
    Target read =
        switch (field) {
          case USER -> {
            String user = values.user("user");
            yield user == null ? null : new Target.User(user);
          }
          case USERS -> {
            List<String> users = list(field, EmitLimits.MAX_USERS);
            yield users == null ? null : new Target.Users(users);
          }
          case CHANNEL -> {
            String channel = values.text("channel");
            yield channel == null ? null : new Target.Channels(List.of(channel));
          }
          case CHANNELS -> {
            List<String> channels = list(field, EmitLimits.MAX_CHANNELS);
            yield channels == null ? null : new Target.Channels(channels);
          }
          case SOCKET -> {
            String socket = values.text("socket");
            yield socket == null ? null : new Target.Socket(socket);
          }
          default -> values.isTrue("everyone") ? new Target.Everyone() : null;
        };
    if (targetField == null) {
      targetField = field;
      target = read;
    } else {
      problems.add(
          field.key,
          "The %s field cannot be combined with %s: give one of %s."
              .formatted(field.key, targetField.key, TARGETS));
    }
  }

  /** A list of users or channels without repeats, or null after a problem. */
  private @Nullable List<String> list(Field field, int most) {
    if (in.currentToken() != JsonToken.START_ARRAY) {
      problems.add(field.key, "The %s field must be an array.".formatted(field.key));
      in.skipChildren();
      return null;
    }
    Set<String> items = new LinkedHashSet<>();
    int count = 0;
    while (in.nextToken() != JsonToken.END_ARRAY) {
      if (count < most) {
        String path = field.key + "." + count;
        String item = field == Field.USERS ? values.user(path) : values.text(path);
        if (item != null) {
          items.add(item);
        }
      } else {
        in.skipChildren();
      }
      count++;
    }
    if (count < 1 || count > most) {
      problems.add(
          field.key, "The %s field must have between 1 and %d items.".formatted(field.key, most));
      return null;
    }
    return new ArrayList<>(items);
  }

  private void term(Field field) {
    switch (field) {
      case EVENT -> event();
      case DATA -> data();
      case HOLD -> hold = values.integer("hold", EmitLimits.MAX_HOLD);
      case CONFIRM -> confirm = values.integer("confirm", EmitLimits.MAX_CONFIRM);
      case COLLAPSE_KEY -> collapseKey = values.text("collapse_key");
      case EXCEPT -> except = except();
      case ID -> id = values.key("id");
      case CALL -> call();
      default -> throw new AssertionError(field);
    }
  }

  /** Null is what Laravel's {@code Broadcast::socket()} gives where there is no socket. */
  private @Nullable String except() {
    return in.currentToken() == JsonToken.VALUE_NULL ? null : values.text("except");
  }

  private void call() {
    if (in.currentToken() != JsonToken.START_OBJECT) {
      problems.add("call", "The call field must be an object.");
      in.skipChildren();
      return;
    }
    call = new CallReader(in, problems, "call.");
    call.read();
  }

  private void event() {
    String name = values.text("event", EventName.MAX_LENGTH);
    if (name != null && EventName.isReserved(name)) {
      problems.add(
          "event", "The event field must not be %s: Socket.IO reserves it.".formatted(name));
    }
    event = name == null ? "" : name;
  }

  private void data() {
    int from = (int) in.currentTokenLocation().getByteOffset();
    DataScan.walk(in, problems);
    int to = (int) in.currentLocation().getByteOffset();
    if (JsonText.hasLoneSurrogate(body, from, to)) {
      problems.add("data", "The data field must not contain half of a surrogate pair.");
    }
    data = slice(from, to - from);
  }

  /** Small data of a large body is copied, so that a held event does not hold the body too. */
  private RawJson slice(int from, int length) {
    if (length >= body.length / 4) {
      return RawJson.slice(body, from, length);
    }
    byte[] copy = new byte[length];
    System.arraycopy(body, from, copy, 0, length);
    return RawJson.slice(copy, 0, length);
  }

  /**
   * The event, after {@link #read}; to be used only if there are no problems after it.
   *
   * @param key an idempotency key that came beside the body
   */
  EmitRequest finish(@Nullable String key, int holdDefault, long acceptedAt) {
    if (!seen.contains(Field.EVENT)) {
      problems.add("event", "The event field is required.");
    }
    if (targetField == null) {
      problems.add("user", "A target is required: %s.".formatted(TARGETS));
    }
    boolean toUsers = targetField == Field.USER || targetField == Field.USERS;
    if (!toUsers && targetField != null) {
      refuseHold();
    }
    String given = given(key);
    int seconds = !toUsers ? 0 : hold == null ? holdDefault : hold;
    Terms terms =
        seconds == 0 && confirm == 0 && collapseKey == null && except == null
            ? Terms.NONE
            : new Terms(seconds, confirm, collapseKey, except);
    String eventId = given == null ? EventIds.next() : given;
    Target to = target == null ? new Target.Users(List.of()) : target;
    long fingerprint = given == null ? 0 : Fingerprint.of(body, start, end);
    Event made = new Event(eventId, event, data, to, terms, acceptedAt);
    CallTerms announced = call == null ? null : call.finish(CallReader.idIn(data), "data.callId");
    return new EmitRequest(made, given != null, fingerprint, announced);
  }

  private void refuseHold() {
    String why = "needs the target user or users: an event is held until a client of each has it.";
    if (hold != null && hold > 0) {
      problems.add("hold", "The hold field " + why);
    }
    if (collapseKey != null) {
      problems.add("collapse_key", "The collapse_key field " + why);
    }
  }

  private @Nullable String given(@Nullable String key) {
    if (key == null) {
      return id;
    }
    String problem = Values.keyProblem(key);
    if (problem != null) {
      problems.add("id", "The Idempotency-Key " + problem);
    } else if (id != null && !id.equals(key)) {
      problems.add("id", "The id field and the Idempotency-Key must be the same.");
    }
    return key;
  }
}
