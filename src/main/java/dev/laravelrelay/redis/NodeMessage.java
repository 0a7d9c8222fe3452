package dev.laravelrelay.redis;

import dev.laravelrelay.delivery.Backplane.Reach;
import dev.laravelrelay.delivery.Gap;
import dev.laravelrelay.delivery.Handover;
import dev.laravelrelay.protocol.Frame;
import dev.laravelrelay.session.Delivery;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one node tells another on that one's own channel, or asks those that have a user or a
 * channel on the user's or the channel's.
 */
sealed interface NodeMessage {

  /**
   * How far a publication got on the node that tells.
   *
   * @param publication the number that came with it
   */
  record Report(long publication, List<Reach> reached) implements NodeMessage {}

  /** A client of the user has the event. */
  record Received(String eventId, String user) implements NodeMessage {}

  /** Who has this session? To be answered with {@link Found} to the node that asks. */
  record Search(long number, String from, Handover.Claim claim) implements NodeMessage {}

  /**
   * The answer to a {@link Search}.
   *
   * @param offers none if it is not on the node that answers
   */
  record Found(long number, String node, List<Handover.Offer> offers) implements NodeMessage {}

  /**
   * Give me this session. To be answered with {@link Given} to the node that asks.
   *
   * @param to the node that has it; others do not answer
   */
  record Take(long number, String from, String to, Handover.Claim claim) implements NodeMessage {}

  /**
   * The answer to a {@link Take}.
   *
   * @param to the node that asked; others leave it alone
   * @param inherited null if the session is not there any more
   */
  record Given(long number, String to, Handover.@Nullable Inheritance inherited)
      implements NodeMessage {}

  /** Which users are in the channel? To be answered with {@link Members} to the node that asks. */
  record WhoIsIn(long number, String from, String channel) implements NodeMessage {}

  /** The answer to {@link WhoIsIn}: users of the node that answers, and their presence data. */
  record Members(long number, Map<String, String> infoByUser) implements NodeMessage {}

  /** To be heard by the node that says it: behind all that was said before on that channel. */
  record Echo(long number, String node) implements NodeMessage {}

  /**
   * Log this user out. To be answered with a {@link Report} to the node that asks.
   *
   * @param number that of the report
   * @param except the socket id of a session that goes on
   */
  record LogOut(long number, String from, String user, @Nullable String except)
      implements NodeMessage {}

  int REPORT = 1;
  int RECEIVED = 2;
  int SEARCH = 3;
  int FOUND = 4;
  int TAKE = 5;
  int GIVEN = 6;
  int WHO_IS_IN = 7;
  int MEMBERS = 8;
  int ECHO = 9;
  int LOG_OUT = 10;

  default byte[] toBytes() {
    ByteWriter out = new ByteWriter(64);
    switch (this) {
      case Report(long publication, List<Reach> reached) -> {
        out.number(REPORT).number(publication).number(reached.size());
        reached.forEach(reach -> out.text(reach.user()).number(reach.sessions()));
      }
      case Received(String eventId, String user) -> out.number(RECEIVED).text(eventId).text(user);
      case Search(long number, String from, Handover.Claim claim) ->
          write(out.number(SEARCH).number(number).text(from), claim);
      case Found(long number, String node, List<Handover.Offer> offers) -> {
        out.number(FOUND).number(number).text(node).number(offers.size());
        for (Handover.Offer offer : offers) {
          write(out.text(offer.socketId()).number(offer.suspended() ? 1 : 0), offer.channels());
        }
      }
      case Take(long number, String from, String to, Handover.Claim claim) ->
          write(out.number(TAKE).number(number).text(from).text(to), claim);
      case Given(long number, String to, Handover.Inheritance inherited) -> {
        out.number(GIVEN).number(number).text(to).number(inherited == null ? 0 : 1);
        if (inherited != null) {
          write(out, inherited);
        }
      }
      case WhoIsIn(long number, String from, String channel) ->
          out.number(WHO_IS_IN).number(number).text(from).text(channel);
      case Members(long number, Map<String, String> infoByUser) ->
          write(out.number(MEMBERS).number(number), infoByUser);
      case Echo(long number, String node) -> out.number(ECHO).number(number).text(node);
      case LogOut(long number, String from, String user, String except) ->
          out.number(LOG_OUT).number(number).text(from).text(user).textOrNull(except);
    }
    return out.toBytes();
  }

  private static void write(ByteWriter out, Map<String, String> texts) {
    out.number(texts.size());
    texts.forEach((name, text) -> out.text(name).text(text));
  }

  private static Map<String, String> texts(ByteReader in) {
    Map<String, String> texts = new HashMap<>();
    for (long left = in.number(); left > 0; left--) {
      texts.put(in.text(), in.text());
    }
    return texts;
  }

  private static void write(ByteWriter out, Handover.Claim claim) {
    out.text(claim.user()).textOrNull(claim.pid()).text(claim.offset());
  }

  /** Of what the client has, the ids alone. */
  private static void write(ByteWriter out, Handover.Inheritance inherited) {
    Gap gap = inherited.gap();
    out.texts(gap.received().stream().map(Delivery::eventId).toList());
    out.number(gap.missed().size());
    gap.missed().forEach(missed -> out.text(missed.eventId()).text(missed.frame().text()));
    write(out, inherited.channels());
    out.number(inherited.wasGone() ? 1 : 0);
  }

  private static Handover.Claim claim(ByteReader in) {
    return new Handover.Claim(in.text(), in.textOrNull(), in.text());
  }

  private static List<Handover.Offer> offers(ByteReader in) {
    List<Handover.Offer> offers = new ArrayList<>();
    for (long left = in.number(); left > 0; left--) {
      offers.add(new Handover.Offer(in.text(), in.number() == 1, texts(in)));
    }
    return offers;
  }

  private static Handover.Inheritance inheritance(ByteReader in) {
    List<Delivery> received =
        in.texts().stream().map(id -> new Delivery(id, Frame.text(""), null)).toList();
    List<Delivery> missed = new ArrayList<>();
    for (long left = in.number(); left > 0; left--) {
      missed.add(new Delivery(in.text(), Frame.text(in.text()), null));
    }
    return new Handover.Inheritance(new Gap(received, missed), texts(in), in.number() == 1);
  }

  /** On a channel of events; no event begins with this byte, as each has an origin. */
  default byte[] amongEvents() {
    byte[] bytes = toBytes();
    return new ByteWriter(1 + bytes.length).number(0).raw(bytes).toBytes();
  }

  /** What {@link #amongEvents} wrote; null if it is an event. */
  static @Nullable NodeMessage amongEvents(byte[] message) {
    return message.length > 0 && message[0] == 0 ? read(new ByteReader(message, 1)) : null;
  }

  /**
   * Reads one.
   *
   * @throws RuntimeException if it is none
   */
  static NodeMessage read(byte[] message) {
    return read(new ByteReader(message));
  }

  private static NodeMessage read(ByteReader in) {
    int kind = (int) in.number();
    return switch (kind) {
      case REPORT -> {
        long publication = in.number();
        long count = in.number();
        List<Reach> reached = new ArrayList<>();
        for (long i = 0; i < count; i++) {
          reached.add(new Reach(in.text(), (int) in.number(), false));
        }
        yield new Report(publication, reached);
      }
      case RECEIVED -> new Received(in.text(), in.text());
      case SEARCH -> new Search(in.number(), in.text(), claim(in));
      case FOUND -> new Found(in.number(), in.text(), offers(in));
      case TAKE -> new Take(in.number(), in.text(), in.text(), claim(in));
      case GIVEN -> new Given(in.number(), in.text(), in.number() == 0 ? null : inheritance(in));
      case WHO_IS_IN -> new WhoIsIn(in.number(), in.text(), in.text());
      case MEMBERS -> new Members(in.number(), texts(in));
      case ECHO -> new Echo(in.number(), in.text());
      case LOG_OUT -> new LogOut(in.number(), in.text(), in.text(), in.textOrNull());
      default -> throw new IllegalArgumentException("a message of kind " + kind);
    };
  }
}
