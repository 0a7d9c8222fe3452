package dev.laravelrelay.redis;

import dev.laravelrelay.delivery.Backplane.Reach;
import java.util.ArrayList;
import java.util.List;

/** What one node tells another on that one's own channel. */
sealed interface NodeMessage {

  /**
   * How far a publication got on the node that tells.
   *
   * @param publication the number that came with it
   */
  record Report(long publication, List<Reach> reached) implements NodeMessage {}

  /** A client of the user has the event. */
  record Received(String eventId, String user) implements NodeMessage {}

  int REPORT = 1;
  int RECEIVED = 2;

  default byte[] toBytes() {
    ByteWriter out = new ByteWriter(64);
    switch (this) {
      case Report(long publication, List<Reach> reached) -> {
        out.number(REPORT).number(publication).number(reached.size());
        reached.forEach(reach -> out.text(reach.user()).number(reach.sessions()));
      }
      case Received(String eventId, String user) -> out.number(RECEIVED).text(eventId).text(user);
    }
    return out.toBytes();
  }

  /**
   * Reads one.
   *
   * @throws RuntimeException if it is none
   */
  static NodeMessage read(byte[] message) {
    ByteReader in = new ByteReader(message);
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
      default -> throw new IllegalArgumentException("a message of kind " + kind);
    };
  }
}
