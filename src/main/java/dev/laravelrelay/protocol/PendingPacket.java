package dev.laravelrelay.protocol;

import dev.laravelrelay.protocol.SocketIo.Decoded;
import java.util.ArrayList;
import java.util.List;

/** A packet whose attachments are still coming. */
final class PendingPacket {

  private final SocketIoParser.Header header;
  private final List<byte[]> attachments;
  private long bytes;

  PendingPacket(SocketIoParser.Header header) {
    this.header = header;
    this.attachments = new ArrayList<>(header.attachments());
  }

  /** Takes the next attachment; false if all together are larger than {@code maxBytes}. */
  boolean add(byte[] data, int maxBytes) {
    bytes += data.length;
    attachments.add(data);
    return bytes <= maxBytes;
  }

  boolean isWhole() {
    return attachments.size() == header.attachments();
  }

  Decoded decoded() {
    return header.decoded(attachments);
  }
}
