package dev.laravelrelay.redis;

import dev.laravelrelay.event.RawJson;
import java.io.ByteArrayOutputStream;

/**
 * Takes members out of one JSON object without touching another byte of it. Told of the members in
 * their order; all positions are offsets into the same text.
 */
final class Cut {

  private final byte[] text;
  private final int begin;
  private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

  /** From where on nothing has been copied yet. */
  private int from;

  /** Where the last member ended; -1 while nothing has been kept. */
  private int previousEnd = -1;

  /** Whether the next member, or the brace, is where copying goes on. */
  private boolean skipping;

  private boolean cut;

  /**
   * Nothing taken out yet.
   *
   * @param begin of the object's opening brace
   */
  Cut(byte[] text, int begin) {
    this.text = text;
    this.begin = begin;
    this.from = begin;
  }

  /** The next member, from the quote of its name to the end of its value. */
  void member(int start, int end, boolean dropped) {
    resumeAt(start);
    if (!dropped) {
      previousEnd = end;
      return;
    }
    cut = true;
    if (previousEnd < 0) {
      kept.write(text, from, start - from);
      from = start;
      skipping = true;
    } else {
      kept.write(text, from, previousEnd - from);
      from = end;
      previousEnd = end;
    }
  }

  /** The object; a slice of the text if nothing was taken out. */
  RawJson finish(int closingBrace) {
    resumeAt(closingBrace);
    int end = closingBrace + 1;
    if (!cut) {
      return RawJson.slice(text, begin, end - begin);
    }
    kept.write(text, from, end - from);
    return RawJson.slice(kept.toByteArray(), 0, kept.size());
  }

  private void resumeAt(int position) {
    if (skipping) {
      from = position;
      skipping = false;
    }
  }
}
