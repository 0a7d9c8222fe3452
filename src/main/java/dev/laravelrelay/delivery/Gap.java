package dev.laravelrelay.delivery;

import dev.laravelrelay.session.Delivery;
import java.util.List;

/**
 * What passed between a client's last connection and this one.
 *
 * @param received what the client says it has, as far back as is known
 * @param missed what it is to be given, oldest first
 */
public record Gap(List<Delivery> received, List<Delivery> missed) {

  /** Of a client that does not resume. */
  public static final Gap NONE = new Gap(List.of(), List.of());
}
