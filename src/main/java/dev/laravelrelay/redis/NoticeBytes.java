package dev.laravelrelay.redis;

import dev.laravelrelay.delivery.Notice;
import dev.laravelrelay.delivery.WebhookQueue.Dead;
import dev.laravelrelay.delivery.WebhookQueue.Queued;

/** A notice as Redis keeps it, and what is to be known of a dead one. */
final class NoticeBytes {

  private static final int VERSION = 1;

  private NoticeBytes() {}

  static byte[] of(Notice notice) {
    return new ByteWriter(64 + notice.data().length())
        .number(VERSION)
        .text(notice.id())
        .text(notice.kind().name())
        .text(notice.lane())
        .number(notice.occurredAt())
        .rest(notice.data());
  }

  /**
   * Reads one.
   *
   * @throws RuntimeException if it is none
   */
  static Notice read(byte[] bytes) {
    ByteReader in = new ByteReader(bytes);
    if (in.number() != VERSION) {
      throw new IllegalArgumentException("a notice of another version");
    }
    return new Notice(in.text(), Notice.Kind.valueOf(in.text()), in.text(), in.number(), in.rest());
  }

  /** What is listed of a dead notice, besides its id and when it died. */
  static byte[] obituary(Queued queued, String error) {
    return new ByteWriter(64)
        .text(queued.notice().kind().name())
        .number(queued.notice().occurredAt())
        .number(queued.attempts())
        .text(error)
        .toBytes();
  }

  /** Reads it, behind the time at which it died and a space. */
  static Dead readDead(String id, byte[] bytes) {
    long diedAt = 0;
    int at = 0;
    for (; bytes[at] != ' '; at++) {
      diedAt = 10 * diedAt + (bytes[at] - '0');
    }
    ByteReader in = new ByteReader(bytes, at + 1);
    Notice.Kind kind = Notice.Kind.valueOf(in.text());
    long occurredAt = in.number();
    int attempts = (int) in.number();
    return new Dead(id, kind, occurredAt, attempts, diedAt, in.text());
  }
}
